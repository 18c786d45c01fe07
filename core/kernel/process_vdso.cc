// The vDSO in a running process: its time page bound to the clock, wherever the guest moves it.
#include "kernel/loader.hpp"
#include "kernel/process.hpp"

namespace postern::kernel {

namespace {

constexpr std::string_view landing_pad = "int80_landing_pad";

/// A 32-bit system call through the image returns into it: kernel vdso_fix_landing.
void move_return_address(Process& process, const vdso::Image& image, GuestAddr old_start, GuestAddr new_start) {
    auto pad = image.private_offset(landing_pad);
    if (pad && process.cpu().pc() == (old_start + *pad).value) process.cpu().set_pc((new_start + *pad).value);
}

}  // namespace

GuestAddr Process::fast_call_return() {
    auto pad = image_.vdso_image ? image_.vdso_image->private_offset(landing_pad) : std::nullopt;
    return pad ? image_.vdso.image + *pad : GuestAddr{};
}

void Process::bind_clock(vdso::ServiceReason reason) {
    auto page = memory().special_span(image_.vdso.time_page, memory().page_size());
    clock_->bind(page, reason);   // an empty one: none is left
}

void Process::watch_vdso() {
    memory().set_special_hook([this](memory::AddressSpace::Moment moment, const memory::SpecialChange& change) {
        if (moment == memory::AddressSpace::Moment::before) {
            cpu().set_counter_points({}, {});
            return clock_->bind({});
        }
        GuestAddr old_start = image_.vdso.image;
        if (change.moved_to)
            image_.vdso.move(change.start, change.size, *change.moved_to);
        else
            image_.vdso.unmapped(change.start, change.size);
        GuestAddr new_start = image_.vdso.image;
        bool image_gone = !change.moved_to && image_.vdso_image && old_start - change.start < change.size;
        if (image_.vdso_image && new_start != old_start)
            move_return_address(*this, *image_.vdso_image, old_start, new_start);
        place_counter_points(image_, options_.clock_mode, image_gone);
        bind_clock(vdso::ServiceReason::request);
        if (options_.observer && (image_gone || new_start != old_start))
            options_.observer->vdso_moved(task(), image_gone ? GuestAddr{} : new_start);
    });
}

}  // namespace postern::kernel
