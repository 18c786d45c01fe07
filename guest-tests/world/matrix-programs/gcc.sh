# packages: gcc libc6-dev make dash coreutils grep binutils
# seconds: 400
section() { echo "== $*"; }
cat >main.c <<'EOF'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int add(int, int);
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(int argc, char **argv)
{
    int numbers[] = {5, 3, 9, 1};
    qsort(numbers, 4, sizeof *numbers, compare);
    printf("%d %d %d %.6f %s %zu\n", add(2, 3), numbers[0], numbers[3], sqrt(2.0) + argc, argv[1], strlen(argv[1]));
    return 7;
}
EOF
echo 'int add(int a, int b) { return a + b; }' >add.c
section compile; gcc -Wall -O2 -o program main.c add.c -lm && ./program hello; echo "status $?"
section levels; for o in -O0 -O1 -Os -O3; do gcc $o -o p main.c add.c -lm && ./p "level$o"; done
section stages; gcc -E add.c | tail -n 1; gcc -S -O1 add.c && grep -cx add: add.s; gcc -c add.c && ar rcs libadd.a add.o && gcc main.c -L. -ladd -lm -o p && ./p archive; nm libadd.a | grep -c ' T add'
section shared; gcc -shared -fPIC -o libadd.so add.c && gcc main.c -o p ./libadd.so -lm && ./p shared; gcc -static -o s main.c add.c -lm && ./s static; gcc -g -o g main.c add.c -lm && ./g debug; strip g && ./g stripped
section errors; echo 'int x = ;' >bad.c; gcc -c bad.c 2>&1 | grep -c error; echo "int missing(void); int main(void) { return missing(); }" >bad.c; gcc bad.c 2>&1 | grep -q 'undefined reference' && echo undefined
section pipe; echo 'int main(void) { return 3; }' | gcc -pipe -x c - -o p && ./p; echo "status $?"
section tools; objdump -d add.o | grep -c '<add>:'; readelf -h program | grep -c Class; size program | wc -l; printf 'all: p2\np2: main.c add.c\n\tgcc -o $@ $^ -lm\n' >Makefile; make -s && ./p2 made
section end
