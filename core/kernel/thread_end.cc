#include "kernel/thread_end.hpp"

#include "abi/layouts.hpp"
#include "kernel/futex.hpp"
#include "kernel/signals_host.hpp"

#include <linux/futex.h>
#include <optional>
#include <tuple>
#include <vector>

namespace postern::kernel {

namespace {

/// A pointer of the list; its lowest bit tells locks with priority inheritance.
struct Link {
    GuestAddr entry;
    bool inherits_priority;
};

class RobustList {
public:
    explicit RobustList(Task& task) : task_(task) {}

    /// Marks every lock on it that the thread holds, and the one that it was about to take or release.
    void walk() {
        const StructLayout& layout = layout_of(task_.abi(), Struct::robust_list_head);
        std::vector<std::byte> bytes(layout.size);
        if (!task_.robust_list || !task_.memory().read(task_.robust_list, bytes)) return;
        StructView head(task_.abi(), Struct::robust_list_head, bytes);
        offset_ = head.get(Field::futex_offset);
        pointer_width_ = layout.find(Field::list_next)->width;
        Link pending = link(head.get(Field::list_op_pending));
        Link at = link(head.get(Field::list_next));
        for (unsigned count = 0; count < limit && at.entry != task_.robust_list; ++count) {
            auto next = read_link(at.entry);   // before the entry can be freed
            if (at.entry != pending.entry) abandon(at, false);
            if (!next) break;
            at = *next;
        }
        if (pending.entry) abandon(pending, true);
    }

private:
    static constexpr unsigned limit = 2048;   // kernel: ROBUST_LIST_LIMIT

    static Link link(u64 pointer) { return {{pointer & ~u64{1}}, (pointer & 1) != 0}; }

    std::optional<Link> read_link(GuestAddr entry) const {
        std::byte bytes[8];
        if (!task_.memory().read(entry, std::span(bytes, pointer_width_))) return std::nullopt;
        return link(load_unsigned(bytes, pointer_width_, task_.abi().byte_order));
    }

    /// The lock of an entry (kernel: handle_futex_death).
    void abandon(Link at, bool is_pending) {
        GuestAddr word = {(at.entry.value + offset_) & task_.abi().word_mask()};
        auto tid = static_cast<u32>(task_.tid);
        auto before = change_futex(task_, word, [tid](u32 value) {
            return (value & FUTEX_TID_MASK) == tid ? (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED : value;
        });
        if (!before || at.inherits_priority) return;
        bool was_ours = (*before & FUTEX_TID_MASK) == tid;
        if (was_ours ? (*before & FUTEX_WAITERS) != 0 : is_pending && *before == 0) wake_futex(task_, word, 1);
    }

    Task& task_;
    u64 offset_ = 0;
    unsigned pointer_width_ = 0;
};

}  // namespace

void abandon_locks(Task& task) { RobustList(task).walk(); }

void end_thread(Task& task) {
    host::end_thread();
    abandon_locks(task);
    if (!task.clear_child_tid) return;
    std::ignore = task.memory().write(GuestPtr<u32>{task.clear_child_tid}, u32{0});
    wake_futex(task, task.clear_child_tid, 1);
}

}  // namespace postern::kernel
