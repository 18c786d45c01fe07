/* Postern's vDSO for any emulator: the C interface.
 *
 * A handle (struct postern_vdso) is the vDSO of one guest: an image for the guest's ABI, its
 * helper pages, and the time page that its functions read. It reaches the guest's memory through
 * three functions of yours and needs no engine and no loader of Postern's.
 *
 *     postern_vdso_open("aarch64", &options, &vdso);     choose the image and the clock
 *     postern_vdso_install(vdso, &memory, 0);            map it into the guest
 *     postern_vdso_auxv(vdso, i, &entry);                entries for the initial stack
 *
 * From then on the guest's clock functions work. They make the system call instead when the page
 * is older than a few milliseconds; answer it with postern_vdso_clock_gettime, which renews the
 * page. Nothing has to be called periodically, except for the coarse clocks to advance meanwhile:
 * postern_vdso_service.
 *
 * Errors: every function that returns int returns POSTERN_OK (0) or a positive enum
 * postern_status; what it would have stored through pointers is then unchanged. No function
 * throws, and none ends the process because of what a caller or a guest did.
 *
 * Structs that you pass begin with `size`: set it to the struct's sizeof. Later versions of the
 * library append members and go on accepting the sizes that earlier ones had.
 *
 * Threads: calls on one handle must not overlap; calls on different handles may. The functions
 * without a handle may be called at any time. Your callbacks run on the calling thread and must not
 * call functions on the same handle.
 *
 * Guest addresses are 64-bit numbers, zero-extended. Strings that the library returns are
 * NUL-terminated and live as long as the handle they came from (without handle: for ever).
 */
#ifndef POSTERN_POSTERN_H
#define POSTERN_POSTERN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The interface that this header describes. It rises when something is added; nothing goes. */
#define POSTERN_API_VERSION 2
/* The version that the library was built with. */
int postern_api_version(void);

enum postern_status {
    POSTERN_OK = 0,
    POSTERN_BAD_ARGUMENT,      /* a null pointer, or a value outside its enum */
    POSTERN_BAD_SIZE,          /* a struct's `size` is of no version of that struct */
    POSTERN_UNKNOWN_ABI,       /* no ABI of that name; see postern_abi_name */
    POSTERN_NO_IMAGE,          /* this build of the library holds no image for the ABI */
    POSTERN_MEMORY,            /* a callback refused, or misplaced a fixed mapping */
    POSTERN_NOT_INSTALLED,     /* needs postern_vdso_install first */
    POSTERN_INSTALLED_ALREADY, /* one handle serves one guest */
    POSTERN_NOT_FOUND,         /* no such symbol, clock, address or index */
    POSTERN_BAD_TIME_POLICY,   /* the text is no time policy */
    POSTERN_NO_ROOM,           /* the host is out of memory */
    POSTERN_INTERNAL,          /* a defect of the library */
    POSTERN_TIME_RECORD        /* a record of time ends, is of other reads, or cannot be written (version 2) */
};

/* One sentence about a status, without full stop. Never null; unknown numbers have one as well. */
const char *postern_strerror(int status);

/* How many ABIs the library has, and their names ("x86-64", "arm", ...); null from there on. */
size_t postern_abi_count(void);
const char *postern_abi_name(size_t index);

/* --- the guest's memory */

enum postern_permission { POSTERN_READ = 1, POSTERN_WRITE = 2, POSTERN_EXECUTE = 4 };

/* Your guest's address space. All three are required; each returns 0 if it did all that was
 * asked and anything else if not. `context` is passed through. They outlive the handle, and so
 * does what `context` points to; the struct itself is copied. */
struct postern_memory {
    size_t size; /* sizeof(struct postern_memory) */
    void *context;
    /* Copies `length` guest bytes to `buffer`. The guest's permissions do not matter. */
    int (*read)(void *context, uint64_t address, void *buffer, size_t length);
    /* Copies `length` bytes into the guest, in ascending order. The guest's permissions do not
     * matter: the time page is read-only for the guest. */
    int (*write)(void *context, uint64_t address, const void *data, size_t length);
    /* Maps `length` zeroed bytes (whole pages of the ABI) with `permissions`, the guest's, a sum of
     * enum postern_permission. `fixed`: exactly at *address, in place of whatever is mapped
     * there. Otherwise *address is a wish, 0 = none; the place, page-aligned, is stored back.
     * `name`: what /proc/self/maps should show, "[vdso]". */
    int (*map)(void *context, uint64_t *address, uint64_t length, unsigned permissions, int fixed,
               const char *name);
};

/* --- a vDSO */

struct postern_vdso;

/* How guest code in the image gets the time counter. */
enum postern_clock_mode {
    POSTERN_MODE_DEFAULT = 0, /* `counter` null: PAGE; else COUNTER where the ABI has one, or TRAP */
    POSTERN_MODE_COUNTER = 1, /* the ABI's counter instruction: x86 rdtsc, ARM's virtual counter */
    POSTERN_MODE_TRAP = 2,    /* system call POSTERN_COUNTER_CALL, which your emulator answers */
    POSTERN_MODE_PAGE = 3     /* no counter: time stands still between services of the page */
};

struct postern_options {
    size_t size; /* sizeof(struct postern_options) */
    int clock_mode; /* enum postern_clock_mode */
    /* The guest's counter as its instruction (or the trap) would give it now. It must advance at a
     * constant rate. Called from every function that reads or renews the clock; needed in modes
     * COUNTER and TRAP, null in mode PAGE. */
    uint64_t (*counter)(void *context);
    void *counter_context;
    uint64_t counter_mask;   /* bits that the counter has; 0 = 64 bits */
    const char *time_policy; /* as postern_vdso_set_time takes it; null = "host" */
};

/* The vDSO of an ABI, not yet in any guest. `options` may be null: all members zero. Close it with
 * postern_vdso_close. Errors: UNKNOWN_ABI, NO_IMAGE, BAD_SIZE, BAD_ARGUMENT (also: a mode that
 * needs a counter without one), BAD_TIME_POLICY, NO_ROOM. */
int postern_vdso_open(const char *abi, const struct postern_options *options, struct postern_vdso **vdso);

/* Gives the handle back. What it mapped stays in the guest; its time goes stale, which sends the
 * guest's clock functions to the system call. Null is allowed. */
void postern_vdso_close(struct postern_vdso *vdso);

/* The image as a file: an ELF shared object that is its own memory image. */
int postern_vdso_file(const struct postern_vdso *vdso, const void **bytes, size_t *length);

/* Maps time page, image and helper pages into the guest and starts the clock. `hint`: where the
 * range is wanted, 0 = your map's choice. Helper pages with an address of their own (ARM's
 * vectors page) are mapped there. Errors: BAD_ARGUMENT (a callback is null), BAD_SIZE, MEMORY,
 * INSTALLED_ALREADY. After MEMORY some of it may be mapped. */
int postern_vdso_install(struct postern_vdso *vdso, const struct postern_memory *memory, uint64_t hint);

/* Tells that the guest moved mappings (mremap): what was in [from, from + length) is at `to` now.
 * The time page is renewed there, and addresses that this interface gives follow. Errors:
 * NOT_INSTALLED, NOT_FOUND (nothing of this vDSO lies wholly in that range). */
int postern_vdso_moved(struct postern_vdso *vdso, uint64_t from, uint64_t length, uint64_t to);

/* --- what the guest has to be told. All need an installed vDSO (NOT_INSTALLED). */

/* An entry of the auxiliary vector, in the kernel's order: index 0, 1, ... until NOT_FOUND. */
struct postern_auxv {
    size_t size; /* sizeof(struct postern_auxv) */
    uint64_t type;  /* AT_SYSINFO_EHDR, AT_SYSINFO */
    uint64_t value;
};
int postern_vdso_auxv(const struct postern_vdso *vdso, size_t index, struct postern_auxv *entry);

/* A function that the image exports: index 0, 1, ... until NOT_FOUND. */
struct postern_symbol {
    size_t size; /* sizeof(struct postern_symbol) */
    const char *name;
    const char *version;   /* "" = none */
    uint64_t address;      /* to call it; bit 0 set = Thumb code */
    uint64_t length;       /* bytes of code */
};
int postern_vdso_symbol(const struct postern_vdso *vdso, size_t index, struct postern_symbol *symbol);
/* The address of a function by name; `version` null = any. Errors: NOT_FOUND. */
int postern_vdso_find(const struct postern_vdso *vdso, const char *name, const char *version,
                      uint64_t *address);

/* A mapping: index 0, 1, ... until NOT_FOUND. First the time page, then the image, then each
 * helper page. */
struct postern_range {
    size_t size; /* sizeof(struct postern_range) */
    const char *name; /* "[vvar]", "[vdso]", "[sigpage]", ... */
    uint64_t address;
    uint64_t length;  /* bytes, whole pages */
    unsigned permissions; /* of the guest: enum postern_permission */
};
int postern_vdso_range(const struct postern_vdso *vdso, size_t index, struct postern_range *range);

enum postern_frame {
    POSTERN_FRAME_RT,  /* for rt_sigreturn */
    POSTERN_FRAME_OLD  /* for sigreturn: handlers without SA_SIGINFO, where the ABI has that frame */
};
/* Where a signal handler without SA_RESTORER returns to. `frame`: enum postern_frame. `thumb`: whether the handler is Thumb
 * code (ARM; elsewhere 0). Errors: NOT_FOUND (the ABI has no such frame, or only SA_RESTORER). */
int postern_vdso_signal_return(const struct postern_vdso *vdso, int frame, int thumb,
                               uint64_t *address);

/* --- time */

/* Renews the time page from host time. Needs an installed vDSO. */
int postern_vdso_service(struct postern_vdso *vdso);

/* Where guest time comes from, in the words of `postern run --time` (its --help explains them):
 * "host", "offset=-3d", "at=2038-01-19T03:14:07Z", "rate=10", "freeze", "step=1ms", "virtual",
 * "monotonic+=10s", "boottime+=10s", "record=FILE", "replay=FILE"; several with commas between.
 * With the last two, and those that count reads, the page sends guests to the system call for each
 * read: answer it by exactly one postern_vdso_clock_gettime. Takes effect at once, for the
 * page and for postern_vdso_clock_gettime; clocks other than REALTIME never go back. While the
 * guest does not run. Errors: BAD_TIME_POLICY (no policy, one that does not fit the clocks, or whose
 * file cannot be opened or is no record); the old one stays. */
int postern_vdso_set_time(struct postern_vdso *vdso, const char *policy);

/* The guest's clock_gettime and clock_getres (Linux clock ids) by the arithmetic of the vDSO, for
 * the system calls. Renews a stale page. Errors: NOT_FOUND (not a clock of the page: CPU-time and
 * alarm clocks, unknown ids), TIME_RECORD (with "record=" or "replay=":
 * from then on each read says so, until another policy is set). */
int postern_vdso_clock_gettime(struct postern_vdso *vdso, int clock_id, int64_t *seconds,
                               int64_t *nanoseconds);
int postern_vdso_clock_getres(const struct postern_vdso *vdso, int clock_id, int64_t *nanoseconds);

/* The system call that guest code makes in mode TRAP. Linux never uses the number. The answer is
 * postern_vdso_counter in the result register; on 32-bit ABIs its upper half in the second
 * argument register. */
#define POSTERN_COUNTER_CALL 0x70537401u
/* The guest's counter now. Errors: NOT_FOUND (mode PAGE has none). */
int postern_vdso_counter(const struct postern_vdso *vdso, uint64_t *value);

/* --- getrandom
 *
 * Where the image has that function, it computes random bytes from keys that it takes by the
 * system call and keeps in memory of the guest, which the guest maps with the flag MAP_DROPPABLE
 * (8, Linux 6.11). Where your emulator refuses that mapping, C libraries make the system call. */

/* Makes all those keys void; the guest takes new ones at its next calls. Needed whenever memory of
 * the guest exists a second time: in at least one of the two after a fork, and when the guest is put
 * back to a snapshot; otherwise both get the same bytes. Errors: NOT_INSTALLED. (Version 2.) */
int postern_vdso_reseed(struct postern_vdso *vdso);

/* --- watching calls
 *
 * Call postern_vdso_enter when the guest is about to execute a function's first instruction, and
 * postern_vdso_leave when it is about to execute the instruction that the call returns to. Finished
 * calls are kept, the newest 64 of them, until postern_vdso_next_call takes them. */

/* `pc`: the address reached. `return_address`, `stack_pointer`: of the call, as your registers
 * say. `arguments`: the first `count` of the call, at most 4 are kept. Errors: NOT_FOUND (`pc`
 * is not the start of a function: nothing happens, so this may be called for every instruction
 * of the image), NOT_INSTALLED. */
int postern_vdso_enter(struct postern_vdso *vdso, uint64_t pc, uint64_t return_address, uint64_t stack_pointer,
                       const uint64_t *arguments, size_t count);
/* `result`: the result register. Errors: NOT_FOUND (no call is open that returns there with this
 * stack pointer or a lower one). Calls opened inside it that did not return are dropped. */
int postern_vdso_leave(struct postern_vdso *vdso, uint64_t pc, uint64_t stack_pointer, uint64_t result);

struct postern_call {
    size_t size; /* sizeof(struct postern_call) */
    const char *symbol;
    uint64_t arguments[4];
    size_t argument_count;
    uint64_t result;
    uint64_t nanoseconds; /* of host time between enter and leave */
    uint64_t lost;        /* finished calls that were overwritten before this one was taken */
};
/* Takes the oldest finished call. Errors: NOT_FOUND (none is left). */
int postern_vdso_next_call(struct postern_vdso *vdso, struct postern_call *call);

#ifdef __cplusplus
}
#endif
#endif
