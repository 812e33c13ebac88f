# SPDX-License-Identifier: GPL-2.0-only
#
#   make                 build rtla-stall/rtla-stall; installs nothing
#   make demo            set up, build, and explain bundled recordings
#   make test            set up, then all tests
#   make check           the tests that need no network and no root
#   make help            everything else
#
# make, make check and make install never install packages; make demo, make test and make deps do,
# and say which.

VERSION := 0.1.0

# Not taken from the environment, whose O may mean anything.
O := build
CC ?= cc
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g
prefix ?= /usr/local
bindir ?= $(prefix)/bin
libexecdir ?= $(prefix)/libexec
mandir ?= $(prefix)/share/man
docdir ?= $(prefix)/share/doc/rtla-stall
INSTALL ?= install
FUZZ_TIME ?= 60

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# ---- where things go ---------------------------------------------------------------------------

# SANITIZE=1 and FUZZ=1 are the same build with other flags, in a directory of their own.
B := $(O)
ifeq ($(SANITIZE),1)
B := $(O)/sanitize
override CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
endif
ifeq ($(FUZZ),1)
B := $(O)/fuzz
override CC := $(or $(CLANG),clang)
override CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
endif

# Only the ordinary build puts the program beside its sources.
PROGRAM := $(if $(filter build,$(B)),rtla-stall/rtla-stall,$(B)/rtla-stall)
RESULTS := $(abspath $(B))/results

# ---- what it needs -----------------------------------------------------------------------------

NEEDS := libtraceevent json-c libzstd zlib libproc2 ncursesw
TEST_NEEDS := cmocka

have = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo yes)

# Goals that build nothing, or that first install what is missing.
NO_BUILD_GOALS := clean deps demo test help uninstall dist rpm fuzz
ifneq ($(filter-out $(NO_BUILD_GOALS),$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell command -v $(PKG_CONFIG)),)
$(error $(PKG_CONFIG) is missing: `make deps` installs what is needed (Debian: pkg-config, Fedora: pkgconf-pkg-config))
endif
ifneq ($(call have,$(NEEDS)),yes)
MISSING := $(foreach need,$(NEEDS),$(if $(call have,$(need)),,$(need)))
$(error development files missing: $(MISSING). `make deps` installs what is needed; or see \
	`scripts/setup --list`)
endif
LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(NEEDS))
LIBS := $(shell $(PKG_CONFIG) --libs $(NEEDS))
HAVE_CMOCKA := $(call have,$(TEST_NEEDS))
HAVE_TRACECMD := $(call have,libtracecmd)
endif

# ---- flags -------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
PURE_WARNINGS := -Wconversion -Wsign-conversion
# In check and lint a warning is an error; WERROR=0 for those who package with another compiler.
ERROR_FLAG := $(if $(filter 0,$(WERROR)),,-Werror)
ifeq ($(FUZZ),1)
# Another compiler, and libFuzzer has no header.
ERROR_FLAG :=
WARNINGS += -Wno-missing-prototypes
endif

ALL_CFLAGS = -std=gnu11 -pthread $(WARNINGS) $(CFLAGS)
ALL_CPPFLAGS = -D_GNU_SOURCE -DRTLA_STALL_VERSION='"$(VERSION)"' $(LIB_CFLAGS) $(CPPFLAGS)
DEPFLAGS = -MMD -MP

# Where a goal has several makes of its own to run, and none was told how many jobs to have.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1) --output-sync=target)

ifneq ($(V),1)
Q := @
say = @printf '  %-7s %s\n' $(1) $(2)
endif

# ---- sources -----------------------------------------------------------------------------------

SRC := rtla-stall/src
SOURCES := $(sort $(wildcard $(SRC)/*.c $(SRC)/engine/*.c $(SRC)/stats/*.c $(SRC)/source/*.c \
	$(SRC)/view/*.c $(SRC)/util/*.c $(SRC)/monitor/*.c $(SRC)/boost/*.c))
HEADERS := $(sort $(wildcard $(SRC)/*.h $(SRC)/*/*.h))
# No I/O, no clock, no globals: tests/lint/check-engine.sh holds them to it.
PURE_SOURCES := $(sort $(wildcard $(SRC)/engine/*.c $(SRC)/stats/*.c $(SRC)/util/error.c \
	$(SRC)/util/map.c $(SRC)/util/names.c $(SRC)/util/strbuf.c $(SRC)/view/format.c \
	$(SRC)/view/table.c $(SRC)/view/timeline.c $(SRC)/view/parts.c \
	$(filter-out $(SRC)/view/top_screen.c,$(wildcard $(SRC)/view/top_*.c)) $(SRC)/boost/plan.c \
	$(SRC)/boost/plan_rules.c $(SRC)/boost/plan_memory.c $(SRC)/boost/budget.c))

object = $(patsubst $(SRC)/%.c,$(B)/src/%.o,$(1))
MAIN_OBJECT := $(call object,$(SRC)/main.c)
LIB_OBJECTS := $(filter-out $(MAIN_OBJECT),$(call object,$(SOURCES)))
PURE_OBJECTS := $(call object,$(PURE_SOURCES))
LINT_OBJECTS := $(patsubst $(SRC)/%.c,$(B)/lint/%.o,$(SOURCES))
LINT_PURE_OBJECTS := $(patsubst $(SRC)/%.c,$(B)/lint/%.o,$(PURE_SOURCES))

MAN_PAGES := $(patsubst rtla-stall/Documentation/%.rst,$(B)/man/%.1, \
	$(sort $(wildcard rtla-stall/Documentation/rtla-stall*.rst)))
RST2MAN ?= $(firstword $(foreach name,rst2man rst2man.py,$(shell command -v $(name) 2>/dev/null)))

.PHONY: all man check lint test demo deps fuzz bench install uninstall clean help rpm dist accept \
	check-live FORCE

all: $(PROGRAM)
ifneq ($(RST2MAN),)
all: man
endif

# ---- rules -------------------------------------------------------------------------------------

# Compiled again when the flags or the compiler change; but not by `sudo make install`.
ifneq ($(MAKECMDGOALS),install)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" >$@
# := here, since what is set for one target would be handed down to this one.
$(B)/flags: export FLAGS := $(CC) $(ALL_CFLAGS) $(ALL_CPPFLAGS) $(LDFLAGS)
else
$(B)/flags:
	@mkdir -p $(@D)
	@touch $@
endif

$(B)/src/engine/%.o $(B)/src/stats/%.o: WARNINGS += $(PURE_WARNINGS)
$(B)/lint/engine/%.o $(B)/lint/stats/%.o: WARNINGS += $(PURE_WARNINGS)

$(B)/src/%.o: $(SRC)/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(DEPFLAGS) -c -o $@ $<

$(B)/libstall.a: $(LIB_OBJECTS)
$(B)/libpure.a: $(PURE_OBJECTS)
$(B)/%.a:
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(PROGRAM): $(MAIN_OBJECT) $(B)/libstall.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

man: $(MAN_PAGES)

$(B)/man/%.1: rtla-stall/Documentation/%.rst $(wildcard rtla-stall/Documentation/*.txt)
	$(call say,MAN,$@)
	@mkdir -p $(@D)
	$(Q)$(or $(RST2MAN),$(error rst2man is missing (Debian: python3-docutils, Fedora: \
		python3-docutils): `make deps`)) --strict $< $@

-include $(wildcard $(B)/src/*.d $(B)/src/*/*.d $(B)/lint/*.d $(B)/lint/*/*.d $(B)/tests/*/*.d)

# ---- install -----------------------------------------------------------------------------------

install: all
	$(Q)INSTALL='$(INSTALL)' DESTDIR='$(DESTDIR)' bindir='$(bindir)' libexecdir='$(libexecdir)' \
		mandir='$(mandir)' docdir='$(docdir)' scripts/install '$(PROGRAM)' $(if $(RST2MAN),$(MAN_PAGES))

uninstall:
	$(Q)DESTDIR='$(DESTDIR)' bindir='$(bindir)' libexecdir='$(libexecdir)' mandir='$(mandir)' \
		docdir='$(docdir)' scripts/uninstall

# ---- tests -------------------------------------------------------------------------------------

include tests/tests.mk

# ---- the rest ----------------------------------------------------------------------------------

deps:
	@scripts/setup test

demo:
	@scripts/setup build
	@$(MAKE) $(JOBS) all
	@RTLA_STALL='$(abspath $(PROGRAM))' scripts/demo

# A tarball as `git archive` would make it, but of the work tree, and an rpm from it.
dist:
	@scripts/dist '$(VERSION)' '$(abspath $(O))'

rpm: dist
	@scripts/rpm '$(VERSION)' '$(abspath $(O))'

clean:
	rm -rf '$(O)' rtla-stall/rtla-stall

help:
	@sed -n 's/^#  *\(make .*\)/  \1/p' Makefile
	@echo '  make lint            what can be checked without running the program'
	@echo '  make fuzz            each fuzzer for FUZZ_TIME seconds (60)'
	@echo '  make bench [TRACE=F] speed and memory beside other tools'
	@echo '  make check-live      on real kernels (tests/live)'
	@echo '  make check-live-all  and the live modes and enforce there: an hour more'
	@echo '  make accept CASE=x   take over the new report of one golden case, after showing the diff'
	@echo '  make install         to prefix (/usr/local), below DESTDIR; make uninstall undoes it'
	@echo '  make rpm             a package, in $(O)/rpm'
	@echo '  make deps            install what building and testing needs'
	@echo 'Variables: O=DIR SANITIZE=1 V=1 CC CFLAGS LDFLAGS prefix DESTDIR WERROR=0'
