/* Calendar and zones, whose rules stand in TZ: what date(1) does with them. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void print(const char *zone, long long moment)
{
    setenv("TZ", zone, 1);
    tzset();
    time_t time = (time_t)moment;
    struct tm parts;
    if (!localtime_r(&time, &parts)) {
        puts("no such time");
        return;
    }
    char text[100];
    strftime(text, sizeof text, "%a %e %b %Y %H:%M:%S %Z %z, day %j, week %V", &parts);
    printf("%s: %s, back %lld\n", zone, text, (long long)mktime(&parts));
}

int main(void)
{
    static const char *const zones[] = {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "NPT-5:45"};
    static const long long moments[] = {0, 951782399, 1000000000, 1711846799, 1711846800, 1729990800, 2147483647, -1};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        for (size_t j = 0; j < sizeof moments / sizeof *moments; j++)
            print(zones[i], moments[j]);
    struct tm odd = {.tm_year = 124, .tm_mon = 13, .tm_mday = -5, .tm_hour = 50, .tm_isdst = -1};
    setenv("TZ", "UTC0", 1);
    printf("%lld\n", (long long)mktime(&odd));
    struct timespec first, second;
    clock_gettime(CLOCK_MONOTONIC, &first);
    nanosleep(&(struct timespec){0, 2000000}, NULL);
    clock_gettime(CLOCK_MONOTONIC, &second);
    long long passed = (second.tv_sec - first.tv_sec) * 1000000000ll + second.tv_nsec - first.tv_nsec;
    printf("slept %s\n", passed >= 2000000 ? "long enough" : "too short");
    return 0;
}
