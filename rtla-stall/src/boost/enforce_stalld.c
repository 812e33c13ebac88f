// SPDX-License-Identifier: GPL-2.0-only
#include "enforce_stalld.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "../util/array.h"
#include "../util/error.h"

static const struct {
	const char *word;
	const char *ours;
} words[] = {
	{ "starving_threshold", "--starving-threshold" },
	{ "boost_period", "--period" },
	{ "boost_runtime", "--runtime" },
	{ "boost_duration", "--duration" },
	{ "cpu", "--cpus" },
	{ "log_only", "--dry-run" },
	{ "log_kmsg", "--kmsg" },
	{ "log_syslog", "--syslog" },
	{ "ignore_threads", "--ignore-threads" },
	{ "ignore_processes", "--ignore-processes" },
	{ "force_fifo", "--force-fifo" },
};

static const struct {
	char letter;
	const char *word;
	const char *instead;
} refused[] = {
	{ 'O', "power_mode", "there is one way of watching here, which costs little: leave it out" },
	{ 'M', "adaptive_mode", "there is one way of watching here, which adapts: leave it out" },
	{ 'A', "aggressive_mode", "for quicker answers give a lower threshold: -T 100ms" },
	{ 'N', "no_idle_detect", "no CPU is passed over for having been idle at times: leave it out" },
	{ 'b', "backend", "the trace is read, and /proc where there is none: leave it out" },
	{ 'R', "reservation", "say how it is to be scheduled itself: --priority deadline:RUNTIME/PERIOD" },
	{ 'P', NULL, "write --pidfile FILE" },
};

const char *enforce_stalld_word(const char *word, size_t length)
{
	for (size_t i = 0; i < NR_ELEMENTS(words); i++) {
		if (strlen(words[i].word) == length && !strncmp(words[i].word, word, length))
			return words[i].ours;
	}
	return NULL;
}

int enforce_stalld_refuse(const char *argument, struct error *err)
{
	bool is_word = argument[1] == '-';
	size_t length = strcspn(argument, "=");

	for (size_t i = 0; i < NR_ELEMENTS(refused); i++) {
		const char *word = refused[i].word;

		if (is_word ? word && strlen(word) == length - 2 && !strncmp(argument + 2, word, length - 2) :
			      argument[1] == refused[i].letter)
			return error_set(err, -EINVAL, "%.*s is stalld's: %s", is_word ? (int)length : 2,
					 argument, refused[i].instead);
	}
	return 0;
}
