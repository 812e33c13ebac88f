// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints "cpu time pid" of every event of a trace.dat in the order libtracecmd gives them: what
 * dat_walk -P must print too. "-n" adds the event's name.
 */
#include <stdio.h>
#include <string.h>

#include <trace-cmd.h>

static int print_record(struct tracecmd_input *input, struct tep_record *record, int cpu, void *arg)
{
	struct tep_handle *tep = tracecmd_get_tep(input);
	bool with_name = *(bool *)arg;

	printf("%d %llu %d", cpu, record->ts, tep_data_pid(tep, record));
	if (with_name) {
		struct tep_event *event = tep_find_event_by_record(tep, record);

		printf(" %s", event ? event->name : "?");
	}
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	bool with_name = argc == 3 && !strcmp(argv[1], "-n");
	struct tracecmd_input *input;
	int result;

	if (argc < 2)
		return 129;
	input = tracecmd_open(argv[argc - 1], TRACECMD_FL_LOAD_NO_PLUGINS);
	if (!input)
		return 1;
	result = tracecmd_iterate_events(input, NULL, 0, print_record, &with_name);
	tracecmd_close(input);
	return result < 0;
}
