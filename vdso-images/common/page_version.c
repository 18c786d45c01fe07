/* The note that tells which layout of the time page the image was compiled with. */
#include "time_page.h"

#define POSTERN_NOTE_PAGE_VERSION 2u

static const struct {
    uint32_t name_size, descriptor_size, type;
    char name[8];
    uint32_t version;
} note __attribute__((section(".note.postern"), aligned(4), used)) = {
    8, 4, POSTERN_NOTE_PAGE_VERSION, "Postern", POSTERN_TIME_PAGE_VERSION,
};
