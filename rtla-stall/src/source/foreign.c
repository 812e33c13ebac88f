// SPDX-License-Identifier: GPL-2.0-only
#include "foreign.h"

#include <string.h>

#include "../util/array.h"

struct foreign {
	size_t offset;
	const char *magic;
	size_t length;
	const char *name;
};

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

/* What people have at hand when they look for a trace, by its first bytes. */
static const struct foreign foreigners[] = {
	{ 0, MAGIC("PERFILE2"), "a perf.data file" },
	{ 0, MAGIC("2ELIFREP"), "a perf.data file of the other byte order" },
	{ 0, MAGIC("PERFFILE"), "an old perf.data file" },
	{ 0, MAGIC("\177ELF"), "a program or core file (ELF)" },
	{ 0, MAGIC("\x1f\x8b"), "compressed by gzip: expand it first" },
	{ 0, MAGIC("\x28\xb5\x2f\xfd"), "compressed by zstd: expand it first" },
	{ 0, MAGIC("\3757zXZ"), "compressed by xz: expand it first" },
	{ 0, MAGIC("BZh"), "compressed by bzip2: expand it first" },
	{ 0, MAGIC("\x04\x22\x4d\x18"), "compressed by lz4: expand it first" },
	{ 0, MAGIC("PK\x03\x04"), "a zip archive: unpack it first" },
	{ 257, MAGIC("ustar"), "a tar archive: unpack it first" },
	{ 0, MAGIC("\xd4\xc3\xb2\xa1"), "a capture of packets (pcap)" },
	{ 0, MAGIC("\xa1\xb2\xc3\xd4"), "a capture of packets (pcap)" },
	{ 0, MAGIC("\x4d\x3c\xb2\xa1"), "a capture of packets (pcap)" },
	{ 0, MAGIC("\xa1\xb2\x3c\x4d"), "a capture of packets (pcap)" },
	{ 0, MAGIC("\x0a\x0d\x0d\x0a"), "a capture of packets (pcapng)" },
	{ 0, MAGIC("\xc1\x1f\xfc\xc1"), "a trace in the Common Trace Format (CTF)" },
	{ 0, MAGIC("\xc1\xfc\x1f\xc1"), "a trace in the Common Trace Format (CTF)" },
	{ 0, MAGIC("/* CTF "), "the metadata of a trace in the Common Trace Format (CTF)" },
	{ 0, MAGIC("\x75\xd1\x1d\x57"),
	  "the metadata of a trace in the Common Trace Format (CTF)" },
	{ 0, MAGIC("\x57\x1d\xd1\x75"),
	  "the metadata of a trace in the Common Trace Format (CTF)" },
	{ 0, MAGIC("SQLite format 3"), "an SQLite database" },
	{ 0, MAGIC("%PDF-"), "a PDF document" },
	{ 0, MAGIC("\x89PNG"), "a picture (PNG)" },
	{ 0, MAGIC("{"), "JSON" },
	{ 0, MAGIC("[{"), "JSON" },
	{ 0, MAGIC("[\n"), "JSON" },
	{ 0, MAGIC("<?xml"), "XML" },
	{ 0, MAGIC("<html"), "HTML" },
	{ 0, MAGIC("<!DOCTYPE"), "HTML" },
	{ 0, MAGIC("<!doctype"), "HTML" },
};

const char *foreign_magic(const uint8_t *start, size_t size)
{
	for (size_t i = 0; i < NR_ELEMENTS(foreigners); i++) {
		const struct foreign *foreign = &foreigners[i];

		if (foreign->offset + foreign->length <= size &&
		    !memcmp(start + foreign->offset, foreign->magic, foreign->length))
			return foreign->name;
	}
	return NULL;
}
