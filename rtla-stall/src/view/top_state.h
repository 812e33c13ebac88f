/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_TOP_STATE_H
#define RTLA_STALL_VIEW_TOP_STATE_H

#include "top_copy.h"
#include "top_model.h"
#include "top_rows.h"

/* What the model's own files share: top_model.c draws, top_keys.c reacts. Nobody else looks in here. */

#define TOP_NR_TABLES 4u

enum top_pane { TOP_PANE_TABLE, TOP_PANE_STALL, TOP_PANE_HELP };

enum top_prompt { TOP_PROMPT_NONE, TOP_PROMPT_FILTER, TOP_PROMPT_INTERVAL };

struct top_model {
	struct top_config config;
	struct top_copy copies[2];
	uint32_t shown;			/* which of the copies is */
	bool has_snapshot;
	uint32_t *queue;		/* of the scene */
	struct top_scene scene;
	struct top_rows tables[TOP_NR_TABLES];
	uint32_t table;			/* which of them is shown, or was before the pane */

	enum top_pane pane;
	uint32_t opened_task;		/* STALL: whose wait, */
	uint64_t opened_at;		/* and when it began */
	uint32_t text_first;		/* STALL, HELP: line at the top of the screen */
	uint32_t nr_text_lines;

	enum top_prompt prompt;
	char filter[TOP_MAX_FILTER + 1];
	char interval[8];		/* typed so far, in seconds */
	bool is_frozen;
	uint64_t refresh_ns;
	char said[256];			/* "" nothing */
	uint64_t said_at;		/* trace time of what was shown then */
	uint32_t nr_body_lines;		/* rows or lines of text that the screen last had room for */
	uint32_t last_line;		/* of the screen */
	struct top_page page;
	struct top_page text;
};

/** top_model_arrange() - the rows of the table that is shown, anew */
void top_model_arrange(struct top_model *model);

/** top_keys_react() - what top_model_key() says */
enum view_wish top_keys_react(struct top_model *model, int key);

/** top_model_opened() - the wait that is opened. Return: NULL: it is not there any more */
const struct episode *top_model_opened(const struct top_model *model);

#endif
