"""Reports the outcome of many checks, for the scripts that look and run nothing."""


def report(checks):
    """Prints what does not hold of `checks`, pairs of a sentence and whether it is true. Returns the exit status."""
    checks = list(checks)
    failed = [what for what, holds in checks if not holds]
    for what in failed:
        print(f"FAILED {what}")
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0
