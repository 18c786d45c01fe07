// How one ABI's kernel writes signal frames, enters handlers and names faults: data only.
// A frame is an ordered list of fields, each with a source; the code that reads these lists
// (kernel/signals_frame.cc) knows no ABI. Offsets and rules: Linux 6.1, arch/*/kernel/signal.c.
#pragma once

#include "abi/abi.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace postern {

/// Where the value of a frame field or of a register at handler entry comes from.
enum class SignalSource : u8 {
    constant,        ///< `value`
    reg,             ///< integer register `name`
    bytes,           ///< register `name` as bytes in guest order (floating point, vectors)
    signal,          ///< the guest's signal number
    siginfo,         ///< the whole siginfo
    mask,            ///< the signal mask to restore, from its word number `value` on
    stack_base,      ///< sigaltstack settings as they were
    stack_flags,
    stack_size,
    on_stack,        ///< `value` if the frame is on the alternate stack, else 0
    fault_address,   ///< of this thread's last fault
    trap_number,
    error_code,
    frame,           ///< address of the frame, plus `value`
    state,           ///< address of the floating-point area
    return_address,  ///< where the handler returns to
    return_code,     ///< the instructions there, if they lie in a helper page
    handler,         ///< address of the handler, as sigaction(2) took it
    handler_code,    ///< where it is a descriptor: its first word,
    handler_data,    ///< and its second
    x87_tags,        ///< the full tag word, made from the abridged one in register `name`
};

/// When a row applies.
enum class SignalCondition : u8 {
    always,
    wants_siginfo,   ///< the handler was installed with SA_SIGINFO
    after_fault,     ///< the signal is a fault of this thread
};

/// One field of a frame, or a run of `count` equal ones whose register names count up
/// ("x0", "x1", ...). Offsets and widths in bytes.
struct FrameRow {
    u16 offset;
    u8 width;
    SignalSource source;
    std::string_view name = {};
    u8 count = 1;
    u8 stride = 0;                ///< distance of the fields of a run; 0 = width
    u64 value = 0;                ///< constant; for registers: bits set besides those of `taken`
    u64 taken = ~u64{0};          ///< registers: bits that the frame shows
    /// Bits that sigreturn takes from the frame; 0 = it ignores the field. For a constant:
    /// a frame in which these bits differ is invalid.
    u64 restored = 0;
    SignalCondition when = SignalCondition::always;
};

/// One register at handler entry (or of the initial floating-point state).
struct EntryRow {
    std::string_view name;
    SignalSource source;
    u64 value = 0;                ///< constant, or offset into the frame
    u64 kept = 0;                 ///< bits that stay as they were
    u8 count = 1;                 ///< a run of registers, names counting up
    SignalCondition when = SignalCondition::always;
};

/// A separately placed area for floating-point state, above the frame (x86).
struct StateArea {
    u16 size;                     ///< bytes that start at a multiple of `alignment`
    u16 alignment;
    u16 prefix;                   ///< bytes in front of those; the area's address is theirs
    std::span<const FrameRow> rows;
    std::span<const EntryRow> initial;   ///< state of a handler, and of a frame without area
};

/// A part of a frame that sigreturn finds through a pointer in the frame, so that a program may
/// have it elsewhere. Delivery writes it into the frame; null: its registers stay as they are.
struct PointedBlock {
    u16 pointer;                  ///< offset of the pointer (a word) in the frame
    u16 offset;                   ///< of the block in the frame: what the pointer says at first
    u16 size;                     ///< bytes
    std::span<const FrameRow> rows;      ///< offsets from the block's start
};

/// Trampoline instructions in a helper page.
struct ReturnCode {
    u16 offset;                   ///< bytes into the page
    u8 thumb_offset_delta;        ///< further, for a handler in Thumb state
};

/// One kind of frame. Its address is
/// align_down(sp - size + bias_before, alignment) - bias_after,
/// and where the stack grows up, align_down(sp, alignment).
struct SignalFrame {
    u16 size;
    u8 alignment;
    u8 bias_before = 0;
    u8 bias_after = 0;
    u16 gap = 0;                  ///< bytes at its end that stay as they are
    std::span<const FrameRow> rows;
    std::span<const EntryRow> entry;
    std::span<const PointedBlock> blocks = {};
    /// Where handlers return to without SA_RESTORER: a name of vdso::Image::private_offset,
    /// or code in `SignalAbi::return_page`. Neither: SA_RESTORER is mandatory.
    std::string_view vdso_return = {};
    std::optional<ReturnCode> page_return = {};
    u16 sigreturn_distance = 0;   ///< stack pointer at the system call - frame
    u8 sigreturn_alignment = 1;   ///< a stack pointer that is not aligned so is refused
};

/// What went wrong in guest code.
enum class FaultCause : u8 {
    unmapped,
    protection,
    beyond_file,
    illegal_instruction,
    privileged_instruction,
    breakpoint,
    integer_divide,
    integer_overflow,
    floating_point,
    alignment,
    general_protection,
    illegal_trap,
    unknown,
};

/// si_addr of a fault.
enum class FaultAddress : u8 {
    none,               ///< 0
    data,               ///< the address that was accessed
    instruction,        ///< program counter
    trap_instruction,   ///< program counter - length of the trap
};

/// A generic signal and si_code for a cause. Code 0: the engine's detail is the code.
struct FaultRule {
    FaultCause cause;
    u8 signal;
    u8 code;
    FaultAddress address;
    u16 trap_number = 0;
    u32 error_code = 0;   ///< of the frame, for causes that are not page faults
};

/// The error code that frames show after a page fault, as a sum of parts.
struct FaultError {
    u32 unmapped = 0, protection = 0;
    u32 write_adds = 0, execute_adds = 0;
};

/// Code that must start over when a signal finds the program counter in [first, last].
struct RestartRange {
    u64 first, last, restart;
};

/// Code that must start over and says so itself: while the stack pointer is not below `first_mark`, it is
/// minus the length of a sequence that ends at the address in register `end`, and `saved_stack` holds the
/// stack pointer. Interrupted before its end, the sequence goes on at its start, less `before` bytes.
struct StackMarkedSequences {
    u64 first_mark;
    std::string_view end, saved_stack;
    u8 before;
};

/// Where the first frame on an alternate stack goes that grows up: align_down(base + bias, alignment).
struct AlternateStart {
    u8 bias, alignment;
};

struct SignalAbi {
    SignalFrame rt;
    std::optional<SignalFrame> old;      ///< used without SA_SIGINFO
    std::optional<StateArea> state;
    u8 red_zone = 0;                     ///< bytes below the stack pointer that stay untouched
    std::optional<AlternateStart> alternate_start = {};   ///< of stacks that grow up
    u32 minimum_stack;                   ///< MINSIGSTKSZ of sigaltstack(2)
    u8 set_size = 8;                     ///< bytes of sigset_t; the kernel's size argument must say so
    u32 known_flags = 0xdc000807;        ///< SA_* bits that sigaction(2) keeps
    /// swapcontext(2): where struct ucontext is in an rt frame; absent where there is no such call.
    std::optional<u16> context_offset = {};
    bool takes_restorer = true;          ///< SA_RESTORER says where handlers return to
    std::string_view return_page = {};   ///< name of the helper page with trampolines

    std::span<const FaultRule> faults;
    FaultError fault_error = {};
    u64 fault_address_mask = ~u64{0};    ///< bits of si_addr that the machine knows
    u8 canonical_bits = 64;              ///< other addresses are general-protection faults

    /// Name of the vDSO's restart_syscall (vdso::Image::private_offset); empty = a timed call
    /// continues by its trap with the restart number in the number register.
    std::string_view vdso_restart = {};
    bool restart_return_on_stack = false;   ///< it finds where to go on in the word at the stack pointer
    std::span<const RestartRange> restart_ranges = {};
    /// Code of the kernel's whose faults are not the program's: it goes on at `restart`.
    std::span<const RestartRange> fault_ranges = {};
    std::optional<StackMarkedSequences> marked_sequences = {};
    /// The bit of a status register that bit 0 of a code address stands for (ARM: Thumb).
    std::string_view state_register = {};
    u64 state_bit = 0;
};

}  // namespace postern
