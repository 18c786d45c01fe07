#include "vdso.h"

#include <linux/elf.h>

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
typedef Elf64_Dyn elf_dynamic;
typedef Elf64_Sym elf_symbol;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
typedef Elf32_Dyn elf_dynamic;
typedef Elf32_Sym elf_symbol;
#endif

#ifndef DT_GNU_HASH
#define DT_GNU_HASH 0x6ffffef5
#endif
#ifndef DT_VERSYM
#define DT_VERSYM 0x6ffffff0
#endif
#ifndef DT_VERDEF
#define DT_VERDEF 0x6ffffffc
#endif

/* Version definitions (not in the kernel's headers): one record, and its first name. */
struct version_definition {
    uint16_t version, flags, index, name_count;
    u32 hash, names, next;
};
struct version_name {
    u32 name, next;
};

static const elf_dynamic *find_dynamic(const struct vdso *vdso)
{
    const elf_header *header = (const elf_header *)vdso->base;
    CHECK(memcmp(header->e_ident, "\177ELF", 4) == 0);
    CHECK_EQUAL(header->e_machine, ABI_ELF_MACHINE);
    CHECK_EQUAL(header->e_phentsize, sizeof(elf_segment));
    const elf_segment *segment = (const elf_segment *)(vdso->base + header->e_phoff);
    word dynamic = 0;
    for (int i = 0; i < header->e_phnum; i++, segment++) {
        if (segment->p_type == PT_LOAD)
            CHECK_EQUAL(segment->p_vaddr, segment->p_offset); /* strict readers use the offset */
        if (segment->p_type == PT_DYNAMIC)
            dynamic = vdso->base + segment->p_offset;
    }
    CHECK(dynamic != 0);
    return (const elf_dynamic *)dynamic;
}

void open_vdso(struct vdso *vdso)
{
    memset(vdso, 0, sizeof *vdso);
    vdso->base = auxv_value(AT_SYSINFO_EHDR, 0);
    if (!vdso->base)
        FAIL("no vDSO");
    word soname = 0;
    for (const elf_dynamic *item = find_dynamic(vdso); item->d_tag != DT_NULL; item++) {
        word address = vdso->base + item->d_un.d_ptr;
        switch ((u32)item->d_tag) {
        case DT_STRTAB: vdso->strings = (const char *)address; break;
        case DT_SYMTAB: vdso->symbols = (const void *)address; break;
        case DT_SONAME: soname = item->d_un.d_val; break;
        case DT_HASH: vdso->hash = (const u32 *)address; break;
        case DT_GNU_HASH: vdso->gnu_hash = (const u32 *)address; break;
        case DT_VERSYM: vdso->versions = (const uint16_t *)address; break;
        case DT_VERDEF: vdso->version_definitions = (const u8 *)address; break;
        }
    }
    CHECK(vdso->strings && vdso->symbols && vdso->versions && vdso->version_definitions);
    vdso->soname = vdso->strings + soname;
    vdso->has_hash = vdso->hash != 0;
    vdso->has_gnu_hash = vdso->gnu_hash != 0;
    CHECK(vdso->has_hash);
#ifdef __s390x__
    /* The one ABI whose DT_HASH has 64-bit words. */
    vdso->symbol_count = (unsigned)((const u64 *)vdso->hash)[1];
#else
    vdso->symbol_count = vdso->hash[1];
#endif
}

static const char *version_of(const struct vdso *vdso, unsigned index)
{
    unsigned wanted = vdso->versions[index] & 0x7fff;
    if (wanted < 2)
        return "";
    const u8 *at = vdso->version_definitions;
    for (;;) {
        const struct version_definition *definition = (const struct version_definition *)at;
        if (definition->index == wanted)
            return vdso->strings + ((const struct version_name *)(at + definition->names))->name;
        if (!definition->next)
            return "?";
        at += definition->next;
    }
}

void vdso_symbol_at(const struct vdso *vdso, unsigned index, struct vdso_symbol *out)
{
    const elf_symbol *symbol = (const elf_symbol *)vdso->symbols + index;
    out->name = vdso->strings + symbol->st_name;
    out->version = version_of(vdso, index);
    out->address = vdso->base + symbol->st_value;
    out->size = symbol->st_size;
    out->is_function = symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
                       ((symbol->st_info & 15) == STT_FUNC || (symbol->st_info & 15) == STT_NOTYPE);
}

static word match(const struct vdso *vdso, unsigned index, const char *name, const char *version)
{
    struct vdso_symbol symbol;
    vdso_symbol_at(vdso, index, &symbol);
    if (!symbol.is_function || !text_equal(symbol.name, name))
        return 0;
    return !version || text_equal(symbol.version, version) ? symbol.address : 0;
}

static u32 sysv_hash(const char *name)
{
    u32 hash = 0;
    for (; *name; name++) {
        hash = (hash << 4) + (u8)*name;
        u32 high = hash & 0xf0000000;
        hash = (hash ^ high >> 24) & ~high;
    }
    return hash;
}

word find_by_hash(const struct vdso *vdso, const char *name, const char *version)
{
#ifdef __s390x__
    const u64 *table = (const u64 *)vdso->hash;
#else
    const u32 *table = vdso->hash;
#endif
    u64 buckets = table[0], chains = table[1];
    for (u64 index = table[2 + sysv_hash(name) % buckets]; index && index < chains;
         index = table[2 + buckets + index]) {
        word address = match(vdso, (unsigned)index, name, version);
        if (address)
            return address;
    }
    return 0;
}

static u32 gnu_hash_of(const char *name)
{
    u32 hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (u8)*name;
    return hash;
}

word find_by_gnu_hash(const struct vdso *vdso, const char *name, const char *version)
{
    if (!vdso->gnu_hash)
        return 0;
    u32 buckets = vdso->gnu_hash[0], first = vdso->gnu_hash[1];
    u32 bloom_words = vdso->gnu_hash[2], bloom_shift = vdso->gnu_hash[3];
    const word *bloom = (const word *)(vdso->gnu_hash + 4);
    const u32 *bucket = (const u32 *)(bloom + bloom_words), *chain = bucket + buckets;
    u32 hash = gnu_hash_of(name), bits = 8 * sizeof(word);
    word seen = bloom[hash / bits % bloom_words];
    if (!(seen >> hash % bits & 1) || !(seen >> (hash >> bloom_shift) % bits & 1))
        return 0;
    u32 index = bucket[hash % buckets];
    if (index < first)
        return 0;
    for (;; index++) {
        u32 entry = chain[index - first];
        if ((entry | 1) == (hash | 1)) {
            word address = match(vdso, index, name, version);
            if (address)
                return address;
        }
        if (entry & 1)
            return 0;
    }
}

word vdso_callable(word code)
{
#ifdef ABI_FUNCTION_DESCRIPTORS
    return code ? (word)function_address((unsigned char *)code) : 0;
#else
    return code;
#endif
}

word vdso_function(const struct vdso *vdso, const char *plain_name)
{
    char name[64];
    print_to(name, sizeof name, "%s%s", ABI_VDSO_PREFIX, plain_name);
    return vdso_callable(find_by_hash(vdso, name, 0));
}
#ifndef ABI_VDSO_WITHOUT_CLOCKS
long vdso_read_clock(const struct vdso *vdso, int clock, struct instant *out)
{
    static word wide, plain;
    if (sizeof(__kernel_long_t) == 4 && !wide)
        wide = vdso_function(vdso, "clock_gettime64"); /* not every ABI has it */
    if (wide) {
        struct __kernel_timespec time;
        long result = ((int (*)(int, struct __kernel_timespec *))wide)(clock, &time);
        if (result == 0)
            *out = (struct instant){time.tv_sec, time.tv_nsec};
        return result;
    }
    if (!plain)
        plain = vdso_function(vdso, "clock_gettime");
    CHECK(plain != 0);
    __kernel_long_t time[2];
    long result = ((int (*)(int, __kernel_long_t *))plain)(clock, time);
    if (result == 0)
        *out = (struct instant){sizeof *time == 4 ? (i64)(u32)time[0] : time[0], time[1]}; /* after 2038 too */
    return result;
}
#endif
