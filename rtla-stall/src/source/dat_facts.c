// SPDX-License-Identifier: GPL-2.0-only
#include "dat_facts.h"

#include <stdio.h>
#include <string.h>

#define CMDLINES_MAX (16u << 20)

static bool is_at_least(const char *kernel, unsigned int major, unsigned int minor)
{
	unsigned int kernel_major;
	unsigned int kernel_minor;

	if (sscanf(kernel, "%5u.%5u", &kernel_major, &kernel_minor) != 2)
		return false;
	return kernel_major > major || (kernel_major == major && kernel_minor >= minor);
}

static bool is_release(const char *word, size_t length)
{
	return length && word[0] >= '0' && word[0] <= '9' && memchr(word, '.', length);
}

/* "Linux node 6.1.0-56-rt-amd64 x86_64": system, node, release, and the machine last. */
static void read_uname(const char *uname, struct source_info *info)
{
	const char *word = uname;
	const char *last = uname;
	int number = 0;

	while (*word) {
		size_t length = strcspn(word, " \n");

		if (number >= 2 && !*info->kernel && is_release(word, length) &&
		    length < sizeof(info->kernel)) {
			memcpy(info->kernel, word, length);
			info->kernel[length] = '\0';
		}
		if (length) {
			last = word;
			number++;
		}
		word += length;
		word += strspn(word, " \n");
	}
	info->is_x86 =
		!strncmp(last, "x86_64", 6) || (last[0] == 'i' && !strncmp(last + 2, "86", 2));
}

static enum tristate preempt_rt_of(const struct dat_file *file, const struct source_info *info)
{
	enum tristate answer = TRI_UNKNOWN;
	struct dat_blob blob;

	if (strstr(file->uname, "PREEMPT_RT") || strstr(file->uname, "PREEMPT RT") ||
	    strstr(info->kernel, "-rt"))
		return TRI_YES;
	if (dat_file_read(file, &file->cmdlines, CMDLINES_MAX, &blob))
		return TRI_UNKNOWN;
	if (memmem(blob.bytes, blob.size, " ktimers/", 9))
		answer = TRI_YES;
	else if (blob.size > 8 && *info->kernel)	/* more than the count of its bytes */
		answer = TRI_NO;
	dat_blob_deinit(&blob);
	return answer;
}

void dat_facts_read(const struct dat_file *file, const struct dat_buffer *buffer,
		    struct source_info *info)
{
	const char *clock = *buffer->clock ? buffer->clock : file->clock;

	read_uname(file->uname, info);
	snprintf(info->clock, sizeof(info->clock), "%s", clock);
	info->nr_cpus = file->nr_cpus <= ENGINE_MAX_CPUS ? file->nr_cpus : 0;
	for (uint32_t i = 0; i < buffer->nr_cpus; i++) {
		uint32_t cpu = buffer->cpus[i].cpu;

		if (cpu < ENGINE_MAX_CPUS && cpu >= info->nr_cpus)
			info->nr_cpus = cpu + 1;
	}
	info->watched = file->watched;
	info->is_preempt_rt = preempt_rt_of(file, info);
	info->has_fair_server = TRI_UNKNOWN;
	if (*info->kernel)
		info->has_fair_server = is_at_least(info->kernel, 6, 12) ? TRI_YES : TRI_NO;
}

bool dat_facts_has_lazy_flag(const struct source_info *info)
{
	if (info->is_x86 || is_at_least(info->kernel, 6, 13))
		return true;
	return info->is_preempt_rt == TRI_YES && is_at_least(info->kernel, 6, 12);
}
