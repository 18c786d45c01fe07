# packages: make dash coreutils grep sed
section() { echo "== $*"; }
cat >Makefile <<'EOF'
objects := $(patsubst %.in,%.out,$(sort $(wildcard *.in)))
all: $(objects) sum
%.out: %.in
	@tr a-z A-Z <$< >$@ && echo made $@
sum: $(objects)
	@cat $^ | cksum >$@; echo summed $(words $^)
define twice
$(1)$(1)
endef
show:
	@echo $(call twice,ab) $(shell echo shell) $(if $(wildcard nothing),yes,no) $(foreach n,1 2 3,[$(n)]) $(subst a,b,banana)
.PHONY: all show fail slow missing
fail:
	@false
missing:
	nothing-like-this
slow: s1 s2 s3 s4
s%: ; @sleep 0.1; echo $@ >>order
include extra.mk
extra.mk:
	@echo 'extra := from a remade makefile' >$@
extra: ; @echo $(extra) $(MAKELEVEL)
recurse:
	@$(MAKE) -s extra level=$(level)x
export EXPORTED = exported
environment: ; @echo $$EXPORTED $(origin PATH) $(MAKEFLAGS)
EOF
for n in one two three; do echo $n >$n.in; done
section build; make -s all; cat one.out; make -s -q all; echo "status $?"
section rebuild; touch -d '1 hour ago' ./*.in ./*.out sum; touch two.in; make -s all
section functions; make -s show
section failures; make -s fail 2>&1 | sed 's/Makefile:[0-9]*/Makefile/' 2>/dev/null | grep -c Error; make -s -k fail show 2>/dev/null; echo "status $?"; make -s missing 2>&1 | grep -c 'Error 127'; make nothing 2>&1 | grep -c 'No rule'
section messages; make -s missing 2>&1 | head -n 1 | grep -o 'nothing-like-this.*'
section parallel; make -s -j4 slow && sort order; make -s -j2 -B all | sort | grep -c made
section recursion; make -s recurse; make -s -C . extra; make -s environment EXPORTED=given
section dry run; make -n -B one.out; make -s --trace one.out -B | grep -c one; make -p -n show 2>/dev/null | grep -c '^twice\|define twice'
section end
