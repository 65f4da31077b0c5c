/* Runs a program, and kills it as it enters its n-th system call that concerns a folder: kill_at N FOLDER PROGRAM
 * ARGUMENT... Says how many such calls there were, with one that killed it, and `killed` or the exit code.
 *
 * A call concerns the folder if one of its arguments is a path in it, or its first is a descriptor of a file in it. Of
 * calls that take neither, some are taken for one; a kill there is one more, and no harm. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#define MUST(condition)                                                                          \
    do {                                                                                         \
        if (!(condition)) {                                                                      \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno)); \
            exit(2);                                                                             \
        }                                                                                        \
    } while (0)

static const char *folder;

static int is_below(const char *path) {
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int is_descriptor_below(pid_t thread, uint64_t number) {
    char link[64], path[PATH_MAX];
    if (number > INT_MAX)
        return 0;
    snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)thread, (int)number);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = '\0';
    return is_below(path);
}

static int is_path_below(pid_t thread, uint64_t address) {
    /* To the end of a page at most: the next one may not be there. */
    char text[PATH_MAX];
    size_t length = 4096 - address % 4096;
    for (size_t taken = 0; taken < sizeof text - 1;) {
        if (length > sizeof text - 1 - taken)
            length = sizeof text - 1 - taken;
        struct iovec here = {text + taken, length}, there = {(void *)(uintptr_t)(address + taken), length};
        ssize_t read = process_vm_readv(thread, &here, 1, &there, 1, 0);
        if (read <= 0)
            return 0;
        taken += (size_t)read;
        text[taken] = '\0';
        if (strlen(text) < taken || taken > strlen(folder))
            break;
        length = 4096;
    }
    return is_below(text);
}

static int concerns_folder(pid_t thread) {
    struct ptrace_syscall_info call;
    MUST(ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof call, &call) > 0);
    if (call.op != PTRACE_SYSCALL_INFO_ENTRY)
        return 0;
    if (is_descriptor_below(thread, call.entry.args[0]))
        return 1;
    for (int i = 0; i < 4; i++)
        if (is_path_below(thread, call.entry.args[i]))
            return 1;
    return 0;
}

int main(int arguments, char **values) {
    MUST(arguments > 3);
    long at = strtol(values[1], NULL, 10), calls = 0;
    folder = values[2];
    pid_t program = fork();
    MUST(program >= 0);
    if (program == 0) {
        MUST(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
        raise(SIGSTOP);
        execvp(values[3], values + 3);
        _exit(127);
    }
    int status;
    MUST(waitpid(program, &status, 0) == program && WIFSTOPPED(status));
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    MUST(ptrace(PTRACE_SETOPTIONS, program, NULL, options) == 0);
    MUST(ptrace(PTRACE_SYSCALL, program, NULL, NULL) == 0);
    for (;;) {
        pid_t thread = waitpid(-1, &status, __WALL);
        MUST(thread > 0);
        if (!WIFSTOPPED(status)) {
            if (thread != program)
                continue;
            if (WIFSIGNALED(status))
                printf("%ld killed\n", calls);
            else
                printf("%ld %d\n", calls, WEXITSTATUS(status));
            return 0;
        }
        int signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80)) {
            if (concerns_folder(thread) && ++calls == at)
                kill(program, SIGKILL);
            signal = 0;
        } else if (signal == SIGTRAP || signal == SIGSTOP) {
            signal = 0; /* the stop of an event, of an exec, or of a new thread */
        }
        /* A thread that was killed meanwhile is gone. */
        MUST(ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)signal) == 0 || errno == ESRCH);
    }
}
