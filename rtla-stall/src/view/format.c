// SPDX-License-Identifier: GPL-2.0-only
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_COLUMNS 60u

struct format format_seconds(uint64_t ns)
{
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%09" PRIu64 " s", ns / 1000000000,
		 ns % 1000000000);
	return ret;
}

struct format format_instant(uint64_t at)
{
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%09" PRIu64, at / 1000000000,
		 at % 1000000000);
	return ret;
}

struct format format_duration(uint64_t ns)
{
	static const struct {
		uint64_t thousandth_ns;
		char unit[3];
	} units[] = { { 1, "us" }, { 1000, "ms" }, { 1000000, "s" } };
	struct format ret;
	uint64_t thousandths = ns;
	size_t i = 0;

	/* The unit is chosen after rounding: 999.9996 us is 1.000 ms. */
	while (thousandths >= 1000000 && i < 2) {
		i++;
		thousandths = ns / units[i].thousandth_ns +
			      (ns % units[i].thousandth_ns >= units[i].thousandth_ns / 2);
	}
	snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%03" PRIu64 " %s", thousandths / 1000,
		 thousandths % 1000, units[i].unit);
	return ret;
}

struct format format_cell(uint64_t ns)
{
	struct format ret = format_duration(ns);
	size_t length = strlen(ret.text);

	if (ret.text[length - 2] == ' ')
		memcpy(ret.text + length, " ", 2);
	return ret;
}

struct format format_limit(uint64_t ns)
{
	struct format ret = format_duration(ns);
	char *unit = strchr(ret.text, ' ');
	char *end = unit;

	while (end[-1] == '0')
		end--;
	if (end[-1] == '.')
		end--;
	memmove(end, unit, strlen(unit) + 1);
	return ret;
}

struct format format_elapsed(uint64_t ns)
{
	uint64_t seconds = ns / 1000000000;
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%3" PRIu64 " %02" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
		 seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
	return ret;
}

struct format format_count(uint64_t count)
{
	char digits[24];
	struct format ret;
	int nr = snprintf(digits, sizeof(digits), "%" PRIu64, count);
	int used = 0;

	for (int i = 0; i < nr; i++) {
		if (i && (nr - i) % 3 == 0)
			ret.text[used++] = ',';
		ret.text[used++] = digits[i];
	}
	ret.text[used] = '\0';
	return ret;
}

struct format format_percent(uint64_t part, uint64_t whole)
{
	struct format ret;
	uint64_t hundredths;

	if (!whole) {
		snprintf(ret.text, sizeof(ret.text), "-");
		return ret;
	}
	hundredths = (uint64_t)(((unsigned __int128)part * 10000 + whole / 2) / whole);
	if (hundredths >= 10000 && part < whole)
		hundredths = 9999;
	if (!hundredths && part)
		snprintf(ret.text, sizeof(ret.text), "<0.01 %%");
	else
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%02" PRIu64 " %%",
			 hundredths / 100, hundredths % 100);
	return ret;
}

struct format format_prio(int32_t prio)
{
	struct format ret = { "" };

	if (prio == PRIO_UNKNOWN)
		return ret;
	if (prio == -1)
		snprintf(ret.text, sizeof(ret.text), "deadline");
	else if (prio >= 0 && prio < 99)
		snprintf(ret.text, sizeof(ret.text), "rt %" PRId32, 99 - prio);
	else if (prio >= 100 && prio < 140)
		snprintf(ret.text, sizeof(ret.text), "fair nice %" PRId32, prio - 120);
	else
		snprintf(ret.text, sizeof(ret.text), "prio %" PRId32, prio);
	return ret;
}

size_t format_utf8_length(const char *text, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	uint32_t value = bytes[0];
	size_t length = 1;

	if (!bytes[0])
		return 0;
	if (bytes[0] >= 0x80) {
		length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
		if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
			return 0;
		value &= 0x7fu >> length;
		for (size_t i = 1; i < length; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (bytes[i] & 0x3f);
		}
		if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
			return 0;
	}
	if (character)
		*character = value;
	return length;
}

/* Controls, and what turns the direction of writing or shows as nothing. */
static bool is_printable(uint32_t character)
{
	return character >= 0x20 && (character < 0x7f || character > 0x9f) &&
	       !(character >= 0x200b && character <= 0x200f) &&
	       !(character >= 0x2028 && character <= 0x202e) &&
	       !(character >= 0x2060 && character <= 0x206f) &&
	       !(character >= 0xfff0 && character <= 0xffff) && character != 0xfeff &&
	       character != 0xad && character != 0x61c && character < 0xe0000;
}

void format_safe(const char *text, bool utf8, char *ret, size_t size)
{
	size_t used = 0;

	while (*text) {
		uint32_t character = 0;
		size_t length = format_utf8_length(text, &character);
		bool is_kept = length && is_printable(character) && (utf8 || length == 1);
		size_t needed = is_kept ? length : 4;

		if (used + needed >= size)
			break;
		if (is_kept) {
			memcpy(ret + used, text, length);
			text += length;
		} else {
			snprintf(ret + used, size - used, "\\x%02x", (unsigned char)*text);
			text++;
		}
		used += needed;
	}
	ret[used] = '\0';
}

struct format format_name(const char *name)
{
	struct format ret;

	format_safe(name, false, ret.text, sizeof(ret.text));
	if (strlen(ret.text) > NAME_COLUMNS)
		memcpy(ret.text + NAME_COLUMNS - 3, "...", 4);
	return ret;
}

struct format format_thread(const char *comm, int32_t tid)
{
	const char *name = *comm ? "" : "<...>";
	struct format safe = format_name(comm);
	struct format ret;

	if (tid == TID_UNKNOWN)		/* threads of one name that have ended, together */
		snprintf(ret.text, sizeof(ret.text), "%.60s%s (ended)", safe.text, name);
	else
		snprintf(ret.text, sizeof(ret.text), "%.60s%s (%" PRId32 ")", safe.text, name, tid);
	return ret;
}

struct format format_culprit(const struct culprit *culprit)
{
	const char *kind = culprit_kind_name(culprit->kind);
	struct format name = format_name(culprit->name);
	struct format ret;

	switch (culprit->kind) {
	case CULPRIT_THREAD:
		return format_thread(culprit->name, culprit->id);
	case CULPRIT_IRQ:
	case CULPRIT_SOFTIRQ:
		if (culprit->id < 0 && !*name.text)
			snprintf(ret.text, sizeof(ret.text), "unrecorded %s", kind);
		else if (culprit->id < 0)
			snprintf(ret.text, sizeof(ret.text), "%s %.60s", kind, name.text);
		else if (!*name.text)
			snprintf(ret.text, sizeof(ret.text), "%s %" PRId32, kind, culprit->id);
		else
			snprintf(ret.text, sizeof(ret.text), "%s %.60s (%" PRId32 ")", kind,
				 name.text, culprit->id);
		return ret;
	case CULPRIT_IDLE:
		snprintf(ret.text, sizeof(ret.text), "idle CPU %" PRId32, culprit->id);
		return ret;
	case CULPRIT_NMI:
	case CULPRIT_UNKNOWN:
	case CULPRIT_NR_KINDS:
		break;
	}
	snprintf(ret.text, sizeof(ret.text), "%s", kind);
	return ret;
}

struct format format_reason(uint8_t cause, uint8_t reason)
{
	const char *name = reason_name(reason);
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%s%s%s", cause_name(cause), name ? " " : "",
		 name ? name : "");
	return ret;
}
