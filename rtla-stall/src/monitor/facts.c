// SPDX-License-Identifier: GPL-2.0-only
#include "facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util/array.h"
#include "../util/proc_read.h"

#define TEXT_SIZE 4096u		/* of a file; a kernel's command line is shorter */
#define SERVER_DIR "sys/kernel/debug/sched/fair_server"

/* Return: false when it cannot be read; then @text is "". The newline at its end is left out. */
static bool read_text(const char *root, const char *name, char *text, size_t size)
{
	char path[512];
	int length = -1;

	if (snprintf(path, sizeof(path), "%s/%s", root, name) < (int)sizeof(path))
		length = proc_read_file(AT_FDCWD, path, text, size);
	text[length > 0 ? strcspn(text, "\n") : 0] = '\0';
	return length >= 0;
}

static bool read_number(const char *root, const char *name, int64_t *ret)
{
	char text[64];
	char *end;

	if (!read_text(root, name, text, sizeof(text)))
		return false;
	*ret = strtoll(text, &end, 10);
	return end != text && !*end;
}

static bool is_at_least(const char *kernel, unsigned int major, unsigned int minor)
{
	unsigned int kernel_major;
	unsigned int kernel_minor;

	if (sscanf(kernel, "%5u.%5u", &kernel_major, &kernel_minor) != 2)
		return false;
	return kernel_major > major || (kernel_major == major && kernel_minor >= minor);
}

/* ---- how it preempts -------------------------------------------------------------------------- */

static enum facts_preemption preemption_of(const char *word, size_t length)
{
	static const struct {
		const char *word;
		enum facts_preemption preemption;
	} words[] = {
		{ "none", FACTS_PREEMPT_NONE }, { "voluntary", FACTS_PREEMPT_VOLUNTARY },
		{ "full", FACTS_PREEMPT_FULL }, { "lazy", FACTS_PREEMPT_LAZY },
	};

	for (size_t i = 0; i < NR_ELEMENTS(words); i++) {
		if (strlen(words[i].word) == length && !strncmp(word, words[i].word, length))
			return words[i].preemption;
	}
	return FACTS_PREEMPT_UNKNOWN;
}

/* The one in use is in parentheses: "none voluntary (full) lazy". */
static enum facts_preemption read_chosen(const char *root)
{
	char text[256];
	const char *open;

	if (!read_text(root, "sys/kernel/debug/sched/preempt", text, sizeof(text)))
		return FACTS_PREEMPT_UNKNOWN;
	open = strchr(text, '(');
	return open ? preemption_of(open + 1, strcspn(open + 1, ")")) : FACTS_PREEMPT_UNKNOWN;
}

/* What the kernel was told when it booted; the last word counts, one it does not know does not. */
static enum facts_preemption read_told(const char *root)
{
	enum facts_preemption told = FACTS_PREEMPT_DYNAMIC;
	char text[TEXT_SIZE];
	const char *word = text;

	read_text(root, "proc/cmdline", text, sizeof(text));
	while (*word) {
		size_t length = strcspn(word, " ");

		if (length > 8 && !strncmp(word, "preempt=", 8)) {
			enum facts_preemption one = preemption_of(word + 8, length - 8);

			told = one != FACTS_PREEMPT_UNKNOWN ? one : told;
		}
		word += length;
		word += strspn(word, " ");
	}
	return told;
}

static enum facts_preemption read_preemption(const char *root, const char *kernel)
{
	enum facts_preemption chosen;
	int64_t is_realtime = 0;
	char version[256];

	read_text(root, "proc/sys/kernel/version", version, sizeof(version));
	if ((read_number(root, "sys/kernel/realtime", &is_realtime) && is_realtime) ||
	    strstr(version, "PREEMPT_RT") || strstr(version, "PREEMPT RT"))
		return FACTS_PREEMPT_RT;
	chosen = read_chosen(root);
	if (chosen != FACTS_PREEMPT_UNKNOWN)
		return chosen;
	if (strstr(version, "PREEMPT_DYNAMIC"))
		return read_told(root);
	if (strstr(version, "PREEMPT"))
		return is_at_least(kernel, 6, 13) ? FACTS_PREEMPT_FULL_OR_LAZY : FACTS_PREEMPT_FULL;
	return *version ? FACTS_PREEMPT_NONE_OR_VOLUNTARY : FACTS_PREEMPT_UNKNOWN;
}

const char *facts_preemption_name(enum facts_preemption preemption)
{
	static const char *const names[] = {
		[FACTS_PREEMPT_UNKNOWN] = "unknown",
		[FACTS_PREEMPT_NONE] = "none",
		[FACTS_PREEMPT_VOLUNTARY] = "voluntary",
		[FACTS_PREEMPT_NONE_OR_VOLUNTARY] = "none or voluntary",
		[FACTS_PREEMPT_FULL] = "full",
		[FACTS_PREEMPT_LAZY] = "lazy",
		[FACTS_PREEMPT_FULL_OR_LAZY] = "full or lazy",
		[FACTS_PREEMPT_DYNAMIC] = "chosen at boot",
		[FACTS_PREEMPT_RT] = "PREEMPT_RT",
	};

	return names[preemption];
}

/* ---- CPUs ------------------------------------------------------------------------------------- */

/* No CPUs is an empty line, or "(null)". Return: false when there is no such file */
static bool read_cpus(const char *root, const char *name, struct facts_cpus *ret)
{
	char path[128];
	char text[TEXT_SIZE];

	snprintf(path, sizeof(path), "sys/devices/system/cpu/%s", name);
	if (!read_text(root, path, text, sizeof(text)))
		return false;
	if (!strcmp(text, "(null)"))
		*text = '\0';
	ret->is_known = !*text || !parse_cpus(text, &ret->list);
	if (!ret->is_known)
		return true;
	if (strlen(text) < sizeof(ret->text))
		memcpy(ret->text, text, strlen(text));
	else
		snprintf(ret->text, sizeof(ret->text), "%.*s...", (int)sizeof(ret->text) - 4, text);
	return true;
}

static bool has_cpu(const struct facts_cpus *cpus, uint32_t cpu)
{
	return cpus->list.bits[cpu / 64] >> cpu % 64 & 1;
}

/* ---- the fair server -------------------------------------------------------------------------- */

static bool read_server_of(const char *root, uint32_t cpu, uint64_t *runtime_ns, uint64_t *period_ns)
{
	char path[128];
	int64_t runtime;
	int64_t period;

	snprintf(path, sizeof(path), SERVER_DIR "/cpu%u/runtime", cpu);
	if (!read_number(root, path, &runtime) || runtime < 0)
		return false;
	snprintf(path, sizeof(path), SERVER_DIR "/cpu%u/period", cpu);
	if (!read_number(root, path, &period) || period < 0)
		return false;
	*runtime_ns = (uint64_t)runtime;
	*period_ns = (uint64_t)period;
	return true;
}

static void read_server(const char *root, struct facts *facts)
{
	uint32_t nr_read = 0;
	uint32_t nr_on = 0;

	for (uint32_t cpu = 0; cpu < ENGINE_MAX_CPUS; cpu++) {
		uint64_t runtime_ns;
		uint64_t period_ns;

		if (!has_cpu(&facts->present, cpu) || !read_server_of(root, cpu, &runtime_ns, &period_ns))
			continue;
		nr_read++;
		if (!runtime_ns)
			continue;
		if (!nr_on++) {
			facts->server_runtime_ns = runtime_ns;
			facts->server_period_ns = period_ns;
		}
		if (runtime_ns != facts->server_runtime_ns || period_ns != facts->server_period_ns)
			facts->server_differs = true;
	}
	if (nr_on && nr_on != nr_read)
		facts->server_differs = true;
	if (nr_on)
		facts->server = FACTS_SERVER_ON;
	else if (nr_read)
		facts->server = FACTS_SERVER_OFF;
	else if (*facts->kernel && !is_at_least(facts->kernel, 6, 12))
		facts->server = FACTS_SERVER_ABSENT;
}

const char *facts_server_name(enum facts_server server)
{
	static const char *const names[] = {
		[FACTS_SERVER_UNKNOWN] = "unknown",
		[FACTS_SERVER_ABSENT] = "none",
		[FACTS_SERVER_OFF] = "off",
		[FACTS_SERVER_ON] = "on",
	};

	return names[server];
}

void facts_read(const char *root, struct facts *ret)
{
	*ret = (struct facts){ 0 };
	read_text(root, "proc/sys/kernel/osrelease", ret->kernel, sizeof(ret->kernel));
	ret->preemption = read_preemption(root, ret->kernel);
	read_cpus(root, "online", &ret->online);
	read_cpus(root, "present", &ret->present);
	read_cpus(root, "isolated", &ret->isolated);
	/* a kernel that cannot do it has no such file */
	if (!read_cpus(root, "nohz_full", &ret->nohz_full))
		ret->nohz_full.is_known = ret->online.is_known;
	ret->knows_throttling =
		read_number(root, "proc/sys/kernel/sched_rt_runtime_us", &ret->rt_runtime_us) &&
		read_number(root, "proc/sys/kernel/sched_rt_period_us", &ret->rt_period_us);
	read_server(root, ret);
}
