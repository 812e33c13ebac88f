// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of addresses by the symbols of a trace.dat: a frame of a stack is inside of a function, a
 * pointer to one is where it begins, and one that no symbol has is not its neighbour's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/dat_file.h"
#include "source/dat_symbols.h"
#include "source/dat_write.h"
#include "util/error.h"
#include "util/names.h"

static const char kallsyms[] =
	"ffffffff81000000 T one_fn\n"
	"ffffffff81000100 t __pfx_two_fn\n"
	"ffffffff81000110 t two_fn\n"
	"ffffffff81000200 d no_code\n"
	"ffffffffc0000000 t module_fn\t[module]\n";

static const struct {
	uint64_t address;
	bool is_entry;
	const char *name;	/* "": none */
} rows[] = {
	{ 0xffffffff81000000, true, "one_fn" },
	{ 0xffffffff81000000, false, "one_fn" },
	{ 0xffffffff81000001, true, "one_fn" },		/* Thumb */
	{ 0xffffffff81000002, true, "" },
	{ 0xffffffff81000002, false, "one_fn" },
	{ 0xffffffff81000110, true, "two_fn" },
	{ 0xffffffff81000200, true, "" },
	{ 0xffffffff81000200, false, "two_fn" },
	{ 0xffffffffc0000000, true, "module_fn" },
	{ 0xffffffffc0000800, true, "" },		/* of a module that came later */
	{ 0xffffffff80ffffff, false, "" },
	{ 0, true, "" },
};

static void an_entry_is_named_only_by_its_own_symbol(void **state)
{
	int fd = memfd_create("trace.dat", 0);
	struct names *names = names_create();
	struct dat_symbols *symbols;
	struct dat_file file;
	struct dat_meta meta;
	struct error err;

	(void)state;
	dat_meta_init(&meta);
	meta.page_size = 4096;
	meta.nr_cpus = 1;
	strbuf_adds(&meta.header_page, "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		    "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		    "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n");
	strbuf_adds(&meta.header_event, "# compressed entry header\n");
	strbuf_adds(&meta.kallsyms, kallsyms);
	assert_int_equal(dat_write_head(fd, &meta, &err), 0);
	assert_int_equal(dat_file_open(fd, &file, &err), 0);
	symbols = dat_symbols_create(&file, names);
	assert_non_null(symbols);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t name = dat_symbols_find(symbols, rows[i].address, rows[i].is_entry);

		if (strcmp(names_get(names, name), rows[i].name))
			fail_msg("%llx is '%s', not '%s'", (unsigned long long)rows[i].address,
				 names_get(names, name), rows[i].name);
	}
	dat_symbols_destroy(symbols);
	dat_file_close(&file);
	dat_meta_deinit(&meta);
	names_destroy(names);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_named_only_by_its_own_symbol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
