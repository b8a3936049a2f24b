# Every fallible call and allocation fails once.
