# SPDX-License-Identifier: GPL-2.0-only
#
# Every test is run by tests/run-test, which keeps its output and its counts in $(RESULTS) and does
# not fail; tests/tally adds the counts up, prints one line, and fails if anything did.

T := $(B)/tests
export CMOCKA_MESSAGE_OUTPUT := TAP

# ---- programs ----------------------------------------------------------------------------------

programs = $(patsubst tests/%.c,$(T)/%,$(sort $(wildcard $(1))))
# Sources of a test directory that are no program belong to every program there.
helpers = $(patsubst tests/%.c,$(T)/%.o,$(sort $(filter-out $(2),$(wildcard tests/$(1)/*.c))))

UNIT := $(call programs,tests/unit/test_*.c)
IO := $(call programs,tests/io/test_*.c)
GOLDEN := $(call programs,tests/golden/golden.c)
PROPS := $(call programs,tests/property/props.c)
TOOLS := $(call programs,tests/tools/*.c)
FUZZERS := $(call programs,tests/fuzz/fuzz_*.c)
CLI := $(sort $(wildcard tests/cli/*.t))
SAMPLES := $(sort $(wildcard sample-traces/*.dat sample-traces/*.txt))

# The reference reader is compared with where libtracecmd is there.
TRACECMD_PROGRAMS := $(patsubst tests/%.c,$(T)/%, \
	$(shell grep -l 'include <trace-cmd' tests/tools/*.c tests/io/*.c tests/bench/*.c 2>/dev/null))
ifneq ($(HAVE_TRACECMD),yes)
IO := $(filter-out $(TRACECMD_PROGRAMS),$(IO))
TOOLS := $(filter-out $(TRACECMD_PROGRAMS),$(TOOLS))
endif
ifneq ($(filter-out $(NO_BUILD_GOALS),$(or $(MAKECMDGOALS),all)),)
ifeq ($(HAVE_TRACECMD),yes)
$(TRACECMD_PROGRAMS): TEST_LIBS += $(shell $(PKG_CONFIG) --libs libtracecmd)
$(addsuffix .o,$(TRACECMD_PROGRAMS)): TEST_CPPFLAGS += $(shell $(PKG_CONFIG) --cflags libtracecmd)
endif
endif

$(T)/%.o: tests/%.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -I$(SRC) -Itests $(ALL_CPPFLAGS) $(TEST_CPPFLAGS) $(ALL_CFLAGS) $(ERROR_FLAG) $(DEPFLAGS) \
		-c -o $@ $<

link = $(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^
$(UNIT): $(T)/%: $(T)/%.o $(call helpers,unit,tests/unit/test_%) $(B)/libpure.a
	$(call say,LINK,$@)
	$(link) -lcmocka
$(IO): $(T)/%: $(T)/%.o $(call helpers,io,tests/io/test_%) $(B)/libstall.a
	$(call say,LINK,$@)
	$(link) $(LIBS) -lcmocka $(TEST_LIBS)
$(GOLDEN): $(T)/%: $(T)/%.o $(call helpers,golden,tests/golden/golden.c) $(B)/libstall.a
	$(call say,LINK,$@)
	$(link) $(LIBS) -lcmocka
$(PROPS): $(T)/%: $(T)/%.o $(call helpers,property,tests/property/props.c) $(B)/libpure.a
	$(call say,LINK,$@)
	$(link)
$(TOOLS): $(T)/%: $(T)/%.o $(B)/libstall.a
	$(call say,LINK,$@)
	$(link) $(LIBS) $(TEST_LIBS)
$(FUZZERS): $(T)/%: $(T)/%.o $(call helpers,fuzz,tests/fuzz/fuzz_%) $(B)/libstall.a
	$(call say,LINK,$@)
	$(link) -fsanitize=fuzzer $(LIBS)

# ---- running them ------------------------------------------------------------------------------

# Label of the build in front of test names, where it is not the ordinary one.
LABEL := $(if $(filter 1,$(SANITIZE)),sanitize-)
run = @tests/run-test '$(RESULTS)' '$(LABEL)$(1)'
RUN_ENV := RTLA_STALL='$(abspath $(PROGRAM))' TOOLS='$(abspath $(T))/tools'
NR_HISTORIES ?= $(if $(filter 1,$(SANITIZE)),1000,10000)

ifeq ($(HAVE_CMOCKA),yes)
CMOCKA_RUNS := $(patsubst $(T)/%,run/%,$(UNIT) $(IO) $(GOLDEN))
else
CMOCKA_RUNS := run/no-cmocka
endif
PROPS_RUNS := $(patsubst $(T)/%,run/%,$(PROPS))
CLI_RUNS := $(patsubst tests/%.t,run/%,$(CLI))
LINT_RUNS := run/lint/warnings run/lint/engine run/lint/man run/lint/terms run/lint/tree run/lint/layout run/lint/shell \
	run/lint/cppcheck run/lint/tidy
ORACLE_RUNS := run/oracle run/oracle-itself
# Recordings of tests/live with the truth that was recorded with them.
LIVE_SAMPLE_RUNS := $(if $(wildcard sample-traces/bench/*.truth),run/live-samples)
PROGRAM_RUNS := $(CMOCKA_RUNS) $(PROPS_RUNS) $(CLI_RUNS) $(ORACLE_RUNS) $(LIVE_SAMPLE_RUNS)
TEST_RUNS := run/install $(if $(filter %.spec,$(wildcard *.spec)),run/rpm) \
	$(patsubst sample-traces/%,run/valgrind/%,$(SAMPLES))
.PHONY: $(CMOCKA_RUNS) $(PROPS_RUNS) $(CLI_RUNS) $(ORACLE_RUNS) $(LIVE_SAMPLE_RUNS) $(LINT_RUNS) \
	$(TEST_RUNS)

$(filter-out run/no-cmocka,$(CMOCKA_RUNS)): run/%: $(T)/%
	$(call run,$*) env $(RUN_ENV) $<
$(patsubst $(T)/%,run/%,$(IO)): $(PROGRAM) $(TOOLS)
run/no-cmocka:
	$(call run,no-cmocka) sh -c 'echo "1..0 # SKIP unit, io and golden tests: cmocka is not installed"'
$(PROPS_RUNS): run/%: $(T)/%
	$(call run,$*) $< $(NR_HISTORIES)
$(CLI_RUNS): run/%: tests/%.t $(PROGRAM) $(TOOLS)
	$(call run,$*) env $(RUN_ENV) sh $<
run/oracle: $(PROGRAM)
	$(call run,oracle) env $(RUN_ENV) tests/run-oracle '$(abspath $(PROGRAM))' $(filter %.dat,$(SAMPLES))
run/live-samples: $(PROGRAM)
	$(call run,live-samples) env $(RUN_ENV) tests/live/check_samples
run/oracle-itself:
	$(call run,oracle-itself) sh -c 'command -v python3 >/dev/null || \
		{ echo "1..0 # SKIP python3 is not installed"; exit 0; }; exec python3 tests/oracle/oracle_test.py'

# ---- lint --------------------------------------------------------------------------------------

# Compiled apart: with warnings as errors, and without what a packager's CFLAGS may add.
LINT_CC = $(CC) $(ALL_CPPFLAGS) -std=gnu11 $(WARNINGS) $(ERROR_FLAG) -O2
$(B)/lint/%.o: $(SRC)/%.c
	$(call say,LINT,$<)
	@mkdir -p $(@D)
	$(Q)$(LINT_CC) $(DEPFLAGS) -c -o $@ $<

C_FILES := $(SOURCES) $(HEADERS) $(sort $(wildcard tests/*/*.c tests/*/*.h))
run/lint/warnings: $(LINT_OBJECTS)
	$(call run,lint/warnings) sh -c 'echo "ok 1 - $(words $(LINT_OBJECTS)) files compile without warning"'
run/lint/engine: $(LINT_PURE_OBJECTS)
	$(call run,lint/engine) tests/lint/check-engine.sh $(LINT_PURE_OBJECTS)
run/lint/man: $(PROGRAM)
	$(call run,lint/man) env RST2MAN='$(RST2MAN)' tests/lint/check-man.sh '$(abspath $(PROGRAM))'
run/lint/terms:
	$(call run,lint/terms) tests/lint/check-terms.sh $(SOURCES) $(HEADERS)
run/lint/tree:
	$(call run,lint/tree) tests/lint/check-tree.sh '$(VERSION)'
run/lint/layout:
	$(call run,lint/layout) tests/lint/check-layout.sh $(C_FILES)
run/lint/shell:
	$(call run,lint/shell) tests/lint/check-shell.sh
run/lint/cppcheck:
	$(call run,lint/cppcheck) tests/lint/check-cppcheck.sh '$(abspath $(B))/lint' $(SOURCES)
run/lint/tidy: $(B)/flags
	$(subst @,@TEST_TIMEOUT=1500 ,$(call run,lint/tidy)) tests/lint/check-tidy.sh '$(abspath $(B))/lint' \
		"$(LIB_CFLAGS) -D_GNU_SOURCE -DRTLA_STALL_VERSION=\"\" -I$(SRC) -Itests -std=gnu11" $(SOURCES)

# ---- goals -------------------------------------------------------------------------------------

# $(call tally,TARGETS): run them all whatever fails, then say how it went.
define tally
@rm -rf '$(RESULTS)' && mkdir -p '$(RESULTS)'
+@$(MAKE) $(JOBS) -k RESULTS='$(RESULTS)' $(1) || tests/run-test '$(RESULTS)' make-$@ false
@tests/tally '$(RESULTS)'
endef

check: ; $(call tally,run-check)
lint: ; $(call tally,run-lint)
check-unit: ; $(call tally,$(patsubst $(T)/%,run/%,$(UNIT)))
check-io: ; $(call tally,$(patsubst $(T)/%,run/%,$(IO)))
check-golden: ; $(call tally,$(patsubst $(T)/%,run/%,$(GOLDEN)))
check-props: ; $(call tally,$(PROPS_RUNS))
check-cli: ; $(call tally,$(CLI_RUNS))
check-oracle: ; $(call tally,$(ORACLE_RUNS))
check-install: ; $(call tally,run/install)
check-valgrind: ; $(call tally,$(filter run/valgrind/%,$(TEST_RUNS)))
fuzz: ; $(call tally,run-fuzz)
test:
	@scripts/setup test
	$(call tally,run-test)
.PHONY: check-unit check-io check-golden check-props check-cli check-oracle check-install check-valgrind \
	run-check run-lint run-test run-fuzz

run-lint: $(LINT_RUNS)
run-check: $(PROGRAM_RUNS) $(if $(filter 1,$(SANITIZE)),,$(LINT_RUNS))

# Not `make check`'s: they install, build packages, or take their time.
run-test:
	+@status=0; \
	$(MAKE) -k run-check || status=1; \
	$(MAKE) -k SANITIZE=1 run-check || status=1; \
	$(MAKE) -k $(TEST_RUNS) || status=1; \
	$(MAKE) -k FUZZ_TIME=5 run-fuzz || status=1; \
	if [ -e tests/live/run ]; then $(MAKE) -k run-live || status=1; fi; \
	exit $$status

run/install: $(PROGRAM)
	$(call run,install) env MAKE='$(MAKE)' O='$(abspath $(O))' tests/install/run
run/rpm:
	$(call run,rpm) env MAKE='$(MAKE)' tests/install/rpm '$(VERSION)'
$(patsubst sample-traces/%,run/valgrind/%,$(SAMPLES)): run/valgrind/%: sample-traces/% $(PROGRAM)
	$(call run,valgrind/$*) tests/run-valgrind '$(abspath $(PROGRAM))' $<

run-fuzz:
	+@$(MAKE) -k FUZZ=1 run-fuzzers
FUZZ_RUNS := $(patsubst $(T)/fuzz/%,run/fuzz/%,$(FUZZERS))
.PHONY: run-fuzzers $(FUZZ_RUNS) run-live
run-fuzzers: $(or $(FUZZ_RUNS),run/fuzz/none)
run/fuzz/none:
	$(call run,fuzz/none) sh -c 'echo "not ok 1 - there are no fuzzers in tests/fuzz"'
$(FUZZ_RUNS): run/fuzz/%: $(T)/fuzz/%
	$(call run,fuzz/$*) tests/run-fuzz '$(abspath $(B))' $< '$(FUZZ_TIME)'

# What needs the tracers osnoise and timerlat: in a guest like the bench's. midstall.t takes a CPU away, which
# takes all of them away where one thread emulates them.
GUEST_TESTS := tests/live/rtla-suite tests/live/kill9.t

# On this machine's own kernel, as far as it may be used.
HOST_RUNS := $(patsubst tests/%.t,run/%,$(sort $(wildcard tests/live/*.t)))
.PHONY: $(HOST_RUNS)
$(HOST_RUNS): run/%: tests/%.t $(PROGRAM) $(TOOLS)
	$(call run,$*) env $(RUN_ENV) sh $<
# One after the other: each has busy loops, and looks what is left behind.
last_host_run :=
$(foreach test,$(HOST_RUNS),$(eval $(test): | $(last_host_run))$(eval last_host_run := $(test)))
run-live: $(HOST_RUNS)
ifneq ($(wildcard tests/live/run),)
check-live: ; $(call tally,run-live)
check-live-all: ; $(call tally,run-live run-live-modes)
run-live: $(PROGRAM)
	@TEST_TIMEOUT=3600 tests/run-test '$(RESULTS)' live env $(RUN_ENV) tests/live/run --how record
# top, hist and enforce in guests, and what they leave behind when they are killed: more than an hour.
.PHONY: run-live-modes check-live-all
run-live-modes: $(PROGRAM) $(TOOLS) | run-live
	@TEST_TIMEOUT=3600 tests/run-test '$(RESULTS)' live-modes env $(RUN_ENV) tests/live/run --how live
	@TEST_TIMEOUT=1800 tests/run-test '$(RESULTS)' live-guest env $(RUN_ENV) \
		tests/live/in_guest --seconds 1700 --set NR_KILLS=50 $(GUEST_TESTS)
	@tests/run-test '$(RESULTS)' live-midstall env $(RUN_ENV) \
		tests/live/in_guest --seconds 280 --accel tcg,thread=multi tests/live/midstall.t
	@TEST_TIMEOUT=5400 tests/run-test '$(RESULTS)' live-enforce env $(RUN_ENV) NR_KILLS=50 \
		tests/live/enforce-suite
endif

# ---- bench -------------------------------------------------------------------------------------

BENCH := $(call programs,tests/bench/*.c)
ifneq ($(HAVE_TRACECMD),yes)
BENCH := $(filter-out $(TRACECMD_PROGRAMS),$(BENCH))
endif
$(BENCH): $(T)/%: $(T)/%.o
	$(call say,LINK,$@)
	$(link) $(TEST_LIBS)
bench: $(PROGRAM) $(BENCH) $(filter %/dat_walk,$(TOOLS))
	@RTLA_STALL='$(abspath $(PROGRAM))' PROGRAMS='$(abspath $(T))' PERF_DATA='$(PERF_DATA)' \
		ROUNDS='$(ROUNDS)' tests/bench/bench $(if $(TRACE),'$(TRACE)')

# ---- golden ------------------------------------------------------------------------------------

accept: $(GOLDEN)
	@$(GOLDEN) --accept '$(or $(CASE),$(error say which: make accept CASE=x))'
