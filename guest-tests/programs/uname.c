/* uname: Linux, the machine of the ABI, a release that libraries accept. */
#include "guest.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    static char names[6][65];
    CHECK_EQUAL(CALL(uname, names), 0);
    CHECK(text_equal(names[0], "Linux"));
    CHECK(names[2][0] >= '4' && names[2][0] <= '9');
#ifdef __i386__
    /* A 64-bit kernel says x86_64 to a 32-bit program unless its personality says otherwise. */
    CHECK(text_equal(names[4], ABI_MACHINE) || text_equal(names[4], "x86_64"));
#elif defined __arm__
    /* An arm64 kernel says armv8l. */
    CHECK(text_equal(names[4], ABI_MACHINE) || text_equal(names[4], "armv8l"));
#else
    CHECK(text_equal(names[4], ABI_MACHINE));
#endif
    CHECK_EQUAL(CALL(uname, 8), -EFAULT);
    return passed();
}
