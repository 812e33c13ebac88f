// SPDX-License-Identifier: GPL-2.0-only
#include "top_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "top_page.h"

struct format top_words_time(uint64_t ns)
{
	/* A unit serves up to as many of it as have three digits; seconds up to four. */
	static const struct {
		uint64_t ns;
		uint64_t up_to;
		char name[3];
	} units[] = {
		{ 1, 1000, "ns" }, { 1000, 1000, "us" }, { 1000000, 1000, "ms" },
		{ 1000000000, 10000, "s" }, { UINT64_C(3600000000000), 100, "h" },
		{ UINT64_C(86400000000000), 1000, "d" }, { UINT64_C(31557600000000000), 1000, "y" },
	};
	struct format ret;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		uint64_t unit = units[i].ns, whole = ns / unit, rest = ns % unit;
		uint64_t rounded = whole + (rest >= unit - rest);
		uint64_t tenths = whole * 10 + (rest * 10 + unit / 2) / unit;
		uint64_t hundredths = whole * 100 + (rest * 100 + unit / 2) / unit;

		if (rounded >= units[i].up_to)
			continue;
		if (!i || tenths >= 1000)
			snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " %s", rounded, units[i].name);
		else if (hundredths >= 1000)
			snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%" PRIu64 " %s", tenths / 10,
				 tenths % 10, units[i].name);
		else
			snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%02" PRIu64 " %s",
				 hundredths / 100, hundredths % 100, units[i].name);
		return ret;
	}
	return format_limit(ns);
}

struct format top_words_cell(uint64_t ns, const char *mark)
{
	struct format words = top_words_time(ns), ret;
	size_t length = strlen(words.text);

	snprintf(ret.text, sizeof(ret.text), "%s%.40s%s", mark, words.text,
		 words.text[length - 2] == ' ' ? " " : "");
	return ret;
}

struct format top_words_wait(const struct episode *episode, bool is_utf8)
{
	bool is_at_least = episode->began_by == EPISODE_BEGAN_BEFORE;
	struct format ret = top_words_cell(episode->ended_at - episode->began_at, is_at_least ?
					   top_page_mark(is_utf8, TOP_MARK_AT_LEAST) : "");

	strcat(ret.text, episode->flags & EPISODE_TOUCHED_BY_LOSS ? "!" : " ");
	return ret;
}

const char *top_words_at_least(const struct episode *episode)
{
	return episode->began_by == EPISODE_BEGAN_BEFORE ? "at least " : "";
}

struct format top_words_count(uint64_t count)
{
	static const char units[] = "kMGTPE";
	struct format ret;
	uint64_t unit = 1000;
	int i = 0;

	if (count < 100000) {
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64, count);
		return ret;
	}
	while (count / unit >= 1000) {
		unit *= 1000;
		i++;
	}
	if (count / unit >= 100)
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 "%c", count / unit, units[i]);
	else
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ".%" PRIu64 "%c", count / unit,
			 count % unit / (unit / 10), units[i]);
	return ret;
}

struct format top_words_percent(uint64_t part, uint64_t whole)
{
	struct format ret = { "-" };
	uint64_t percent;

	if (!whole)
		return ret;
	percent = (uint64_t)(((unsigned __int128)part * 100 + whole / 2) / whole);
	if (percent >= 100 && part < whole)
		percent = 99;
	if (!percent && part)
		snprintf(ret.text, sizeof(ret.text), "<1");
	else
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64, percent);
	return ret;
}

struct format top_words_elapsed(uint64_t ns)
{
	uint64_t s = ns / 1000000000;
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600,
		 s / 60 % 60, s % 60);
	return ret;
}

struct format top_words_clock(const struct snapshot *snapshot, uint64_t at, int32_t utc_offset_s,
			      bool has_millis)
{
	uint64_t wall_ms = snapshot_wall(snapshot, at) / 1000000;
	uint64_t ms_of_day = (wall_ms + (uint64_t)((int64_t)utc_offset_s * 1000)) % 86400000;
	struct format ret;

	snprintf(ret.text, sizeof(ret.text), "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64,
		 ms_of_day / 3600000, ms_of_day / 60000 % 60, ms_of_day / 1000 % 60);
	if (has_millis)
		snprintf(ret.text + 8, sizeof(ret.text) - 8, ".%03" PRIu64, ms_of_day % 1000);
	return ret;
}

struct format top_words_prio(int32_t prio)
{
	static const char fair[] = "fair nice ";
	struct format ret = format_prio(prio);

	if (!strcmp(ret.text, "deadline"))
		strcpy(ret.text, "dl");
	else if (!strncmp(ret.text, fair, sizeof(fair) - 1)) {
		memmove(ret.text + 3, ret.text + sizeof(fair) - 1,
			strlen(ret.text + sizeof(fair) - 1) + 1);
		memcpy(ret.text, "ni ", 3);
	}
	return ret;
}

struct format top_words_policy(const char *policy, int32_t prio)
{
	struct format words = format_prio(prio), ret = { "" };
	const char *rest = strchr(words.text, ' ');

	if (!*policy)
		return words;
	snprintf(ret.text, sizeof(ret.text), "%.20s%.40s", policy,
		 rest && strcmp(policy, "DEADLINE") ? rest : "");
	return ret;
}

struct format top_words_culprit(const struct snapshot *snapshot, uint32_t culprit)
{
	static const struct culprit nobody = { .kind = CULPRIT_UNKNOWN, .id = -1, .name = "" };

	return format_culprit(culprit < snapshot->summary.nr_names ? &snapshot->summary.names[culprit] :
			      &nobody);
}

struct format top_words_occupant(const struct snapshot_cpu *cpu)
{
	struct format ret = format_culprit(&cpu->occupant);
	struct format policy = top_words_policy(cpu->policy, cpu->prio);
	size_t length = strlen(ret.text);

	if (cpu->occupant.kind == CULPRIT_THREAD && *policy.text)
		snprintf(ret.text + length - 1, sizeof(ret.text) - length + 1, ", %.64s)", policy.text);
	return ret;
}

const struct snapshot_cpu *top_words_find_cpu(const struct snapshot *snapshot, uint32_t cpu)
{
	uint32_t low = 0, high = snapshot->nr_cpus;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (snapshot->cpus[middle].cpu == cpu)
			return &snapshot->cpus[middle];
		if (snapshot->cpus[middle].cpu < cpu)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct charge *top_words_worst_charge(const struct episode *episode)
{
	const struct charge *worst = NULL;

	for (uint32_t i = 0; i < episode->nr_charges; i++) {
		if (!worst || episode->charges[i].ns > worst->ns)
			worst = &episode->charges[i];
	}
	return worst;
}
