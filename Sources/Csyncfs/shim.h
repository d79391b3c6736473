// glibc and musl declare it for GNU sources alone, which Swift's import of them is not.
#if defined(__linux__)
int syncfs(int descriptor);
#endif
