"""Runs a program whose imports of ``alibabacloud_credentials`` get this package, in this process and its forks.

``python -m aliyun_cred app.py [arguments]``, or ``-m module``. Processes that it starts by other means
(``multiprocessing`` by ``spawn`` or ``forkserver``) import whatever is installed under that name.
"""

import sys

from . import install_as_alibabacloud_credentials


def main() -> None:
    import runpy

    arguments = sys.argv[1:]
    if not arguments or arguments == ["-m"]:
        sys.exit("usage: python -m aliyun_cred (FILE | -m MODULE) [ARGUMENT...]")
    install_as_alibabacloud_credentials()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        sys.path[0] = ""
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        from os.path import abspath, dirname

        sys.argv = arguments
        sys.path[0] = dirname(abspath(arguments[0]))
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    main()
