// SPDX-License-Identifier: GPL-2.0-only
#include "hist_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "../stats/summary.h"

void hist_rows_deinit(struct hist_rows *rows)
{
	free(rows->rows);
}

const struct columns_column *hist_rows_column(const struct hist_rows *rows, uint32_t row)
{
	return columns_find(rows->columns, rows->rows[row].id);
}

static int hist_rows_init(struct hist_rows *rows, const struct columns *columns, uint32_t nr)
{
	*rows = (struct hist_rows){ .columns = columns, .rows = calloc(nr + 1u, sizeof(*rows->rows)) };
	return rows->rows ? 0 : -ENOMEM;
}

int hist_rows_of_cpus(struct hist_rows *rows, const struct columns *columns)
{
	if (hist_rows_init(rows, columns, columns->nr_slots))
		return -ENOMEM;
	for (uint32_t cpu = 0; cpu < columns->nr_slots; cpu++) {
		if (columns_find(columns, cpu))
			rows->rows[rows->nr_rows++] =
				(struct hist_row){ .id = cpu, .tid = TID_UNKNOWN, .comm = "", .note = "" };
	}
	return 0;
}

int hist_rows_of_threads(struct hist_rows *rows, const struct columns *columns,
			 const struct summary *summary)
{
	static const char *const notes[] = {
		[TRI_NO] = "user thread", [TRI_YES] = "kernel thread", [TRI_UNKNOWN] = "",
	};

	if (hist_rows_init(rows, columns, summary->nr_threads))
		return -ENOMEM;
	for (uint32_t i = 0; i < summary->nr_threads; i++) {
		const struct engine_task *task = &summary->threads[i].task;

		if (columns_find(columns, task->index))
			rows->rows[rows->nr_rows++] = (struct hist_row){
				.id = task->index, .tid = task->tid, .comm = task->comm,
				.note = notes[task->kthread],
			};
	}
	return 0;
}
