/* System V IPC: shared memory, semaphores, message queues; by their own calls, by `ipc` where the ABI has it. */
#include "guest.h"

#include <linux/ipc.h>
#include <linux/msg.h>
#include <linux/sem.h>

/* linux/shm.h wants a C library. */
#include <asm/ipcbuf.h>
#include <asm/shmbuf.h>
#define SHM_RDONLY 010000
#define SHM_REMAP 040000

static int by_ipc; /* the multiplexer's turn */

static struct made {
    int segment, set, queue; /* the last ones */
} *made;

#define NEW_STRUCTURES 0x100 /* IPC_64 */

/* Whether an ABI's own calls want the flag. */
#if defined __arm__ || (defined __mips__ && _MIPS_SIM != _ABIO32)
#define OWN_FLAG NEW_STRUCTURES
#else
#define OWN_FLAG 0
#endif

#ifdef __NR_ipc
#define BY_IPC(number, first, second, third, pointer, fifth)                                                             \
    if (by_ipc)                                                                                                          \
    return CALL(ipc, number, first, second, third, pointer, fifth)
#else
#define BY_IPC(number, first, second, third, pointer, fifth) (void)0
#endif

struct message {
    __kernel_long_t type;
    char text[60];
};

/* Linux's for n32 is the one of its 32-bit programs; the header's is not. */
#if defined __mips__ && _MIPS_SIM == _ABIN32
struct queue_status {
    struct ipc64_perm msg_perm;
#ifdef __MIPSEB__
    u32 msg_stime_high, msg_stime, msg_rtime_high, msg_rtime, msg_ctime_high, msg_ctime;
#else
    u32 msg_stime, msg_stime_high, msg_rtime, msg_rtime_high, msg_ctime, msg_ctime_high;
#endif
    u32 msg_cbytes, msg_qnum, msg_qbytes, msg_lspid, msg_lrpid, unused[2];
};
#else
#define queue_status msqid64_ds
#endif

union argument {
    int value;
    void *pointer;
    word whole;
};

static long shm_get(int key, word size, int flags)
{
    BY_IPC(23, key, size, flags, 0, 0);
    return CALL(shmget, key, size, flags);
}

static long shm_attach(int id, word address, int flags)
{
#ifdef __NR_ipc
    if (by_ipc) {
        word attached = 0;
        long error = CALL(ipc, 21, id, flags, &attached, address, 0);
        return error ? error : (long)attached;
    }
#endif
    return CALL(shmat, id, address, flags);
}

static long shm_detach(word address)
{
    BY_IPC(22, 0, 0, 0, address, 0);
    return CALL(shmdt, address);
}

static long shm_control(int id, int command, void *buffer)
{
    BY_IPC(24, id, command | NEW_STRUCTURES, 0, buffer, 0);
    return CALL(shmctl, id, command | OWN_FLAG, buffer);
}

static long sem_get(int key, int count, int flags)
{
    BY_IPC(2, key, count, flags, 0, 0);
    return CALL(semget, key, count, flags);
}

static long sem_control(int id, int number, int command, union argument argument)
{
    BY_IPC(3, id, number, command | NEW_STRUCTURES, &argument, 0);
    return CALL(semctl, id, number, command | OWN_FLAG, argument.whole);
}

static long sem_timed(int id, struct sembuf *operations, unsigned count, i64 nanoseconds)
{
#ifdef __NR_ipc
    if (by_ipc) {
        long time[2] = {(long)(nanoseconds / SECOND), (long)(nanoseconds % SECOND)};
#ifdef __s390__
        return CALL(ipc, 4, id, count, time, operations);
#else
        return CALL(ipc, 4, id, count, 0, operations, time);
#endif
    }
#endif
#ifdef __NR_semtimedop_time64
    i64 time[2] = {nanoseconds / SECOND, nanoseconds % SECOND};
    return CALL(semtimedop_time64, id, operations, count, time);
#else
    time_word time[2] = {(time_word)(nanoseconds / SECOND), (time_word)(nanoseconds % SECOND)};
    return CALL(semtimedop, id, operations, count, time);
#endif
}

static long sem_operate(int id, struct sembuf *operations, unsigned count)
{
    BY_IPC(1, id, count, 0, operations, 0);
#ifdef __NR_semop
    return CALL(semop, id, operations, count);
#elif defined __NR_semtimedop
    return CALL(semtimedop, id, operations, count, 0);
#else
    return CALL(semtimedop_time64, id, operations, count, 0);
#endif
}

static long msg_get(int key, int flags)
{
    BY_IPC(13, key, flags, 0, 0, 0);
    return CALL(msgget, key, flags);
}

static long msg_control(int id, int command, void *buffer)
{
    BY_IPC(14, id, command | NEW_STRUCTURES, 0, buffer, 0);
    return CALL(msgctl, id, command | OWN_FLAG, buffer);
}

static long msg_send(int id, const struct message *message, word size, int flags)
{
    BY_IPC(11, id, size, flags, message, 0);
    return CALL(msgsnd, id, message, size, flags);
}

static long msg_receive(int id, struct message *message, word size, __kernel_long_t type, int flags)
{
#ifdef __NR_ipc
    if (by_ipc) {
        struct {
            struct message *message;
            __kernel_long_t type;
        } both = {message, type};
        return CALL(ipc, 12, id, size, flags, &both, 0);
    }
#endif
#ifdef ABI_WIDE_ARGUMENTS
    return (long)system_call_64(__NR_msgrcv, (u64)id, (word)message, size, (u64)type, (u64)flags, 0);
#else
    return CALL(msgrcv, id, message, size, type, flags);
#endif
}

/* Nothing of the child's is printed: its exit status says which check failed, 0 none. */
static void check_child(long child)
{
    int status = 0;
    CHECK_EQUAL(wait_for((int)child, &status, 0), child);
    CHECK_EQUAL(status, 0);
}

/* --- shared memory --- */

/* Room for an address that suits every processor's cache. */
#define COLOURS ((word)0x400000)

static struct shmid64_ds shm_status(int id)
{
    struct shmid64_ds status;
    memset(&status, 0x55, sizeof status);
    CHECK_WORKS(shm_control(id, IPC_STAT, &status));
    return status;
}

static void check_placement(int id, volatile u32 *seen, word size)
{
    word room = (word)CHECK_WORKS(map_memory(0, 3 * COLOURS, 0, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    word place = (room + COLOURS - 1) & ~(COLOURS - 1);
    CHECK_EQUAL(shm_attach(id, place, 0), -EINVAL); /* taken */
    CHECK_EQUAL(shm_attach(id, place + 64, SHM_REMAP), -EINVAL);
    CHECK_EQUAL(shm_attach(id, 0, SHM_REMAP), -EINVAL);
    CHECK_EQUAL((word)shm_attach(id, place, SHM_REMAP), place);
    CHECK_EQUAL(*(volatile u32 *)place, seen[0]);
    /* In parts: what is left goes with the address that was attached. */
    CHECK_WORKS(CALL(mprotect, place + PAGE, PAGE, PROT_READ));
    CHECK_EQUAL(CAUSES_FAULT(*(volatile u32 *)(place + PAGE) = 1), SIGSEGV);
    CHECK_EQUAL(shm_detach(place + PAGE), -EINVAL);
    CHECK_WORKS(shm_detach(place));
    CHECK_EQUAL(CAUSES_FAULT(*(volatile u32 *)place), SIGSEGV);
    CHECK_EQUAL(CAUSES_FAULT(*(volatile u32 *)(place + size - 4)), SIGSEGV);
    CHECK_EQUAL(shm_detach(place), -EINVAL);
    CHECK_WORKS(CALL(munmap, room, 3 * COLOURS));
}

static void check_shared_memory(void)
{
    word size = 3 * PAGE;
    int id = made->segment = (int)CHECK_WORKS(shm_get(IPC_PRIVATE, size - 100, IPC_CREAT | 0640));
    struct shmid64_ds status = shm_status(id);
    CHECK_EQUAL(status.shm_segsz, size - 100);
    CHECK_EQUAL(status.shm_nattch, 0);
    CHECK_EQUAL(status.shm_cpid, own_pid());
    CHECK_EQUAL(status.shm_lpid, 0);
    CHECK_EQUAL(status.shm_perm.mode & 0777, 0640);
    CHECK_EQUAL(status.shm_atime, 0);
    CHECK((word)status.shm_ctime > 1000000000);

    volatile u32 *first = (volatile u32 *)CHECK_WORKS(shm_attach(id, 0, 0));
    CHECK_EQUAL(first[0], 0);
    first[0] = 0x12345678;
    first[2 * 1024 + 5] = 99;
    volatile u32 *second = (volatile u32 *)CHECK_WORKS(shm_attach(id, 0, SHM_RDONLY));
    CHECK(second != first);
    CHECK_EQUAL(second[0], 0x12345678);
    CHECK_EQUAL(second[2 * 1024 + 5], 99);
    CHECK_EQUAL(CAUSES_FAULT(second[0] = 1), SIGSEGV);
    status = shm_status(id);
    CHECK_EQUAL(status.shm_nattch, 2);
    CHECK_EQUAL(status.shm_lpid, own_pid());
    CHECK((word)status.shm_atime > 1000000000);
    check_placement(id, first, size);

    long child = fork_process();
    if (child == 0) {
        first[1] = second[0] + 1;
        exit_with(shm_detach((word)second) != 0);
    }
    check_child(CHECK_WORKS(child));
    CHECK_EQUAL(second[1], 0x12345679);

    status.shm_perm.mode = 0600;
    CHECK_WORKS(shm_control(id, IPC_SET, &status));
    CHECK_EQUAL(shm_status(id).shm_perm.mode & 0777, 0600);
    CHECK_WORKS(shm_control(id, IPC_RMID, 0));
    CHECK_EQUAL(first[1], 0x12345679); /* until the last has let go */
    CHECK_WORKS(shm_detach((word)second));
    CHECK_WORKS(shm_detach((word)first));
    CHECK_EQUAL(CAUSES_FAULT(first[0]), SIGSEGV);
    long error = shm_attach(id, 0, 0);
    CHECK(error == -EINVAL || error == -EIDRM);
    CHECK_EQUAL(shm_attach(-1, 0, 0), -EINVAL);
    CHECK_EQUAL(shm_get(0x7e57ab1e, 100, 0), -ENOENT);
    CHECK_EQUAL(shm_get(IPC_PRIVATE, 0, IPC_CREAT), -EINVAL);
}

/* --- semaphores --- */

static long sem_value(int id, int number)
{
    return sem_control(id, number, GETVAL, (union argument){.whole = 0});
}

static void wait_for_waiter(int id, int number)
{
    while (sem_control(id, number, GETNCNT, (union argument){.whole = 0}) == 0)
        sleep_for(1000000);
}

static void check_waits(int id)
{
    /* A wait ends when somebody adds what it is for, and an end undoes what was asked to be undone. */
    long child = fork_process();
    if (child == 0) {
        struct sembuf take = {0, -3, 0}, give = {1, 5, SEM_UNDO};
        if (sem_operate(id, &take, 1) != 0)
            exit_with(1);
        exit_with(sem_operate(id, &give, 1) == 0 && sem_value(id, 1) == 5 ? 0 : 2);
    }
    wait_for_waiter(id, 0);
    struct sembuf give = {0, 4, 0};
    CHECK_WORKS(sem_operate(id, &give, 1));
    check_child(CHECK_WORKS(child));
    CHECK_EQUAL(sem_value(id, 0), 1);
    CHECK_EQUAL(sem_value(id, 1), 0);

    struct sembuf take = {1, -1, 0};
    i64 start = monotonic_now();
    CHECK_EQUAL(sem_timed(id, &take, 1, 30000000), -EAGAIN);
    CHECK(monotonic_now() - start >= 30000000);
    CHECK_EQUAL(sem_timed(id, &take, 1, -SECOND), -EINVAL);
    take.sem_flg = IPC_NOWAIT;
    CHECK_EQUAL(sem_operate(id, &take, 1), -EAGAIN);
}

/* Who may change a set but not read it sets all of its values. */
static void check_write_only_set(void)
{
    long child = fork_process();
    if (child == 0) {
        if (CALL(geteuid) == 0)
            CALL(setresuid, 65534, 65534, 65534); /* a superuser may do everything */
        int id = (int)CHECK_WORKS(sem_get(IPC_PRIVATE, 2, IPC_CREAT | 0200));
        unsigned short values[2] = {3, 4};
        long set = sem_control(id, 0, SETALL, (union argument){.pointer = values});
        long unreadable = sem_control(id, 0, SETALL, (union argument){.pointer = (void *)8});
        long get = sem_control(id, 0, GETALL, (union argument){.pointer = values});
        CHECK_WORKS(sem_control(id, 0, IPC_RMID, (union argument){.whole = 0}));
        CHECK_EQUAL(set, 0);
        CHECK_EQUAL(unreadable, -EFAULT);
        CHECK_EQUAL(get, CALL(geteuid) == 0 ? 0 : -EACCES);
        exit_with(0);
    }
    check_child(CHECK_WORKS(child));
}

static void check_semaphores(void)
{
    check_write_only_set();
    int id = made->set = (int)CHECK_WORKS(sem_get(IPC_PRIVATE, 3, IPC_CREAT | 0600));
    unsigned short values[4] = {7, 0x1234, 9, 0xeeee};
    CHECK_WORKS(sem_control(id, 0, SETALL, (union argument){.pointer = values}));
    memset(values, 0, 6);
    CHECK_WORKS(sem_control(id, 0, GETALL, (union argument){.pointer = values}));
    CHECK_EQUAL(values[0], 7);
    CHECK_EQUAL(values[1], 0x1234);
    CHECK_EQUAL(values[2], 9);
    CHECK_EQUAL(values[3], 0xeeee);
    union argument five = {.whole = 0};
    five.value = 5;
    CHECK_WORKS(sem_control(id, 2, SETVAL, five));
    CHECK_EQUAL(sem_value(id, 2), 5);
    struct sembuf both[] = {{0, -6, 0}, {2, 0x100, 0}};
    CHECK_WORKS(sem_operate(id, both, 2));
    CHECK_EQUAL(sem_value(id, 0), 1);
    CHECK_EQUAL(sem_value(id, 2), 0x105);
    CHECK_EQUAL(sem_control(id, 0, GETPID, (union argument){.whole = 0}), own_pid());
    struct semid64_ds status;
    memset(&status, 0x55, sizeof status);
    CHECK_WORKS(sem_control(id, 0, IPC_STAT, (union argument){.pointer = &status}));
    CHECK_EQUAL(status.sem_nsems, 3);
    CHECK_EQUAL(status.sem_perm.mode & 0777, 0600);
    CHECK((word)status.sem_otime > 1000000000 && (word)status.sem_ctime > 1000000000);

    values[0] = values[1] = 0;
    CHECK_WORKS(sem_control(id, 0, SETALL, (union argument){.pointer = values}));
    check_waits(id);

    struct sembuf none = {9, 1, 0};
    CHECK_EQUAL(sem_operate(id, &none, 1), -EFBIG);
    CHECK_EQUAL(sem_operate(id, &none, 0), -EINVAL);
    CHECK_EQUAL(sem_operate(id, (struct sembuf *)8, 1), -EFAULT);
    CHECK_EQUAL(sem_operate(id, both, 100000), -E2BIG);
    CHECK_EQUAL(sem_control(id, 9, GETVAL, (union argument){.whole = 0}), -EINVAL);
    CHECK_EQUAL(sem_control(id, 0, GETALL, (union argument){.pointer = (void *)8}), -EFAULT);
    CHECK_WORKS(sem_control(id, 0, IPC_RMID, (union argument){.whole = 0}));
    CHECK(sem_value(id, 0) < 0);
}

/* --- message queues --- */

static void ignore_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    (void)context;
}

static void check_interruption(int id)
{
    struct message message;
    CHECK_WORKS(set_handler(SIGALRM, ignore_signal, SA_RESTART, 0));
    CHECK_WORKS(set_interval_timer(ITIMER_REAL, 20000000, 0));
    CHECK_EQUAL(msg_receive(id, &message, sizeof message.text, 0, 0), -EINTR); /* whatever SA_RESTART says */
}

static void check_queues(void)
{
    int id = made->queue = (int)CHECK_WORKS(msg_get(IPC_PRIVATE, IPC_CREAT | 0600));
    struct message message = {0x1020, "first"}, received;
    CHECK_WORKS(msg_send(id, &message, 6, 0));
    message.type = 2;
    memcpy(message.text, "second, longer", 15);
    CHECK_WORKS(msg_send(id, &message, 15, 0));
    struct queue_status status;
    memset(&status, 0x55, sizeof status);
    CHECK_WORKS(msg_control(id, IPC_STAT, &status));
    CHECK_EQUAL(status.msg_qnum, 2);
    CHECK_EQUAL(status.msg_cbytes, 21);
    CHECK_EQUAL(status.msg_lspid, own_pid());
    CHECK_EQUAL(status.msg_lrpid, 0);
    CHECK_EQUAL(status.msg_perm.mode & 0777, 0600);
    CHECK((word)status.msg_stime > 1000000000 && status.msg_rtime == 0);

    CHECK_EQUAL(msg_receive(id, &received, 5, 2, 0), -E2BIG);
    memset(&received, 0x55, sizeof received);
    CHECK_EQUAL(msg_receive(id, &received, sizeof received.text, 2, 0), 15);
    CHECK_EQUAL(received.type, 2);
    CHECK(text_equal(received.text, "second, longer"));
    CHECK_EQUAL(received.text[15], 0x55);
    CHECK_EQUAL(msg_receive(id, &received, sizeof received.text, 3, IPC_NOWAIT), -ENOMSG);
    CHECK_EQUAL(msg_receive(id, &received, 3, -0x2000, MSG_NOERROR), 3);
    CHECK_EQUAL(received.type, 0x1020);
    CHECK_EQUAL(received.text[3], 'o'); /* of the one before */

    long child = fork_process();
    if (child == 0) {
        struct message answer = {77, "answer"};
        if (msg_receive(id, &received, sizeof received.text, 5, 0) != 1 || received.text[0] != '?')
            exit_with(1);
        exit_with(msg_send(id, &answer, 7, 0) != 0);
    }
    CHECK_WORKS(child);
    message = (struct message){5, "?"};
    CHECK_WORKS(msg_send(id, &message, 1, 0));
    CHECK_EQUAL(msg_receive(id, &received, sizeof received.text, 77, 0), 7);
    CHECK(text_equal(received.text, "answer"));
    check_child(child);
    check_interruption(id);

    message.type = 0;
    CHECK_EQUAL(msg_send(id, &message, 1, 0), -EINVAL);
    message.type = 1;
    CHECK_EQUAL(msg_send(id, (struct message *)8, 1, 0), -EFAULT);
    CHECK_EQUAL(msg_send(-1, &message, 1, 0), -EINVAL);
    CHECK_WORKS(msg_control(id, IPC_RMID, 0));
    CHECK(msg_send(id, &message, 1, 0) < 0);
}

static void run_checks(void)
{
    catch_faults();
    for (by_ipc = 0; by_ipc < 2; ++by_ipc) {
#ifndef __NR_ipc
        if (by_ipc)
            break;
#endif
#ifndef __NR_shmget
        if (!by_ipc)
            continue;
#endif
        check_shared_memory();
        check_semaphores();
        check_queues();
    }
}

/* The checks run in a child, since what they make outlives a process: what they have left when they fail goes here. */
int main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    made = (struct made *)CHECK_WORKS(map_memory(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    *made = (struct made){-1, -1, -1};
    long child = fork_process();
    if (child == 0) {
        run_checks();
        exit_with(0);
    }
    int status = 0;
    CHECK_EQUAL(wait_for((int)CHECK_WORKS(child), &status, 0), child);
    if (status == 0)
        return passed();
    shm_control(made->segment, IPC_RMID, 0);
    sem_control(made->set, 0, IPC_RMID, (union argument){.whole = 0});
    msg_control(made->queue, IPC_RMID, 0);
    return 1;
}
