/* The kernel whose vDSO the images stand for: its exports (core/abi/vdso), its sonames and
 * the version that the note of each image tells. */
#define LINUX_VERSION_MAJOR 7
#define LINUX_VERSION_MINOR 3
#define LINUX_VERSION_PATCH 0
