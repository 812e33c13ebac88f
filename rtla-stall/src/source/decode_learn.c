// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../util/array.h"
#include "../util/names.h"
#include "dat_bytes.h"
#include "decode_print.h"
#include "decode_table.h"

/* bits of common_flags, the same in every kernel that has them */
static const struct {
	uint8_t common;
	uint8_t flag;
} common_flags[] = {
	{ 0x01, EVENT_FLAG_IRQS_OFF },
	{ 0x02, EVENT_FLAG_NEED_RESCHED_LAZY }, /* or: "cannot say whether interrupts are off" */
	{ 0x04, EVENT_FLAG_NEED_RESCHED },
	{ 0x08, EVENT_FLAG_HARDIRQ },
	{ 0x10, EVENT_FLAG_SOFTIRQ },
	{ 0x40, EVENT_FLAG_NMI },
	{ 0x80, EVENT_FLAG_BH_OFF },
};

void decoder_set_lazy_flag(struct decoder *decoder, bool is_known)
{
	for (uint32_t value = 0; value < 256; value++) {
		decoder->flags[value] = EVENT_HAS_FLAGS;
		for (size_t i = 0; i < NR_ELEMENTS(common_flags); i++) {
			if (value & common_flags[i].common)
				decoder->flags[value] |= common_flags[i].flag;
		}
		if (!is_known)
			decoder->flags[value] &= (uint8_t)~EVENT_FLAG_NEED_RESCHED_LAZY;
	}
}

int decoder_create(const struct decoder_config *config, struct decoder **ret)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return -ENOMEM;
	decoder->config = *config;
	decoder->is_swapped = dat_is_swapped(config->is_big_endian);
	decoder->ipi_name = names_add(config->names, "ipi", 3);
	decoder->nmi_name = names_add(config->names, "nmi", 3);
	decoder_set_lazy_flag(decoder, config->is_lazy_flag_known);
	*ret = decoder;
	return 0;
}

void decoder_destroy(struct decoder *decoder)
{
	if (!decoder)
		return;
	free(decoder->events);
	free(decoder);
}

static struct decode_event *make_event(struct decoder *decoder, uint32_t id)
{
	if (id >= decoder->nr_ids) {
		uint32_t nr_ids = (id + 256) & ~255u;
		struct decode_event *events =
			reallocarray(decoder->events, nr_ids, sizeof(*events));

		if (!events)
			return NULL;
		memset(events + decoder->nr_ids, 0, (nr_ids - decoder->nr_ids) * sizeof(*events));
		decoder->events = events;
		decoder->nr_ids = nr_ids;
	}
	return &decoder->events[id];
}

static bool is_same_place(const struct decode_field *a, const struct decode_field *b)
{
	return a->offset == b->offset && a->size == b->size && a->kind == b->kind;
}

/* The head is the same for all events of a kernel: the first decides, the others must agree. */
static bool learn_head(struct decoder *decoder, const struct decode_format *format)
{
	struct decode_head head = {
		.is_known = true,
		.type = decode_format_field(format, "common_type"),
		.flags = decode_format_field(format, "common_flags"),
		.preempt_count = decode_format_field(format, "common_preempt_count"),
		.tid = decode_format_field(format, "common_pid"),
	};
	const struct decode_field *fields[] = { &head.type, &head.flags, &head.preempt_count,
						&head.tid };

	if (!decode_is_number(&head.type) || head.type.size != 2 || !decode_is_number(&head.tid) ||
	    head.tid.size != 4)
		return false;
	if ((head.flags.kind != DECODE_NONE && head.flags.size != 1) ||
	    (head.preempt_count.kind != DECODE_NONE && head.preempt_count.size != 1))
		return false;
	if (decoder->head.is_known)
		return is_same_place(&head.type, &decoder->head.type) &&
		       is_same_place(&head.tid, &decoder->head.tid);
	for (size_t i = 0; i < NR_ELEMENTS(fields); i++) {
		if (fields[i]->kind != DECODE_NONE && decode_field_end(fields[i]) > head.min_size)
			head.min_size = decode_field_end(fields[i]);
	}
	decoder->head = head;
	decoder->has_lazy_count =
		decode_format_field(format, "common_preempt_lazy_count").kind != DECODE_NONE;
	return true;
}

/* Fields that are numbers must be numbers: which are texts goes by their name in the rule. */
static bool is_kind_right(const struct decode_rule *rule, uint32_t number,
			  const struct decode_field *field)
{
	const char *name = rule->wanted[number];

	if (strstr(name, "comm"))
		return field->kind == DECODE_TEXT || field->kind == DECODE_DATA_LOC ||
		       field->kind == DECODE_REL_LOC;
	if (!strcmp(name, "name") || !strcmp(name, "desc"))
		return field->kind == DECODE_TEXT || field->kind == DECODE_DATA_LOC ||
		       field->kind == DECODE_REL_LOC;
	if (!strcmp(name, "workqueue"))
		return field->kind != DECODE_ARRAY;
	if (!strcmp(name, "caller"))
		return field->kind == DECODE_ARRAY || field->kind == DECODE_DATA_LOC ||
		       field->kind == DECODE_REL_LOC;
	return decode_is_number(field);
}

static bool resolve(struct decoder *decoder, const struct decode_rule *rule,
		    const struct decode_format *format, struct decode_event *event)
{
	event->min_size = decoder->head.min_size;
	for (uint32_t i = 0; i < DECODE_WANTED_MAX; i++) {
		struct decode_field *field = &event->fields[i];
		uint16_t end;

		if (!rule->wanted[i])
			continue;
		*field = decode_format_field(format, rule->wanted[i]);
		if (field->kind != DECODE_NONE && !is_kind_right(rule, i, field))
			field->kind = DECODE_NONE;
		if (field->kind == DECODE_NONE) {
			if (rule->required & (1u << i))
				return false;
			continue;
		}
		end = field->kind == DECODE_ARRAY ? field->offset : decode_field_end(field);
		if (end > event->min_size)
			event->min_size = end;
	}
	return true;
}

static void learn_words(struct decoder *decoder, const struct decode_rule *rule, const char *text,
			size_t size)
{
	struct decode_word words[DECODE_SOFTIRQS];
	size_t nr_words;

	if (rule->type == EVENT_SWITCH)
		decode_state_init(&decoder->state, text, size);
	if (rule->type != EVENT_SOFTIRQ_ENTRY && rule->type != EVENT_SOFTIRQ_EXIT &&
	    rule->type != EVENT_SOFTIRQ_NOISE)
		return;
	nr_words = decode_print_table(text, size, words, DECODE_SOFTIRQS);
	for (size_t i = 0; i < nr_words; i++) {
		if (words[i].value < DECODE_SOFTIRQS)
			decoder->softirq_names[words[i].value] = names_add(
				decoder->config.names, words[i].word, DECODE_WORD_LEN);
	}
}

static void learn_vector(struct decoder *decoder, const char *system, const char *name,
			 struct decode_event *event)
{
	bool is_ipi = !strcmp(system, "ipi");
	size_t length = strlen(name) - (event->type == EVENT_IRQ_ENTRY ? 6 : 5);

	event->is_vector = true;
	event->name = is_ipi ? decoder->ipi_name : names_add(decoder->config.names, name, length);
	decoder->has_vectors = true;
	decoder->has_x86_vectors = decoder->has_x86_vectors || !is_ipi;
}

int decoder_add_format(struct decoder *decoder, const char *system, const char *text, size_t size)
{
	struct decode_event event = { .is_known = true, .type = EVENT_OTHER };
	const struct decode_rule *rule;
	struct decode_format format;
	struct decode_event *place;
	int result;

	if (!decode_format_identify(text, size, format.name, &format.id))
		return 0;
	place = make_event(decoder, format.id);
	if (!place)
		return -ENOMEM;
	if (place->is_known)
		return 0;
	rule = decode_rule_find(system, format.name);
	if (rule || !decoder->head.is_known) {
		result = decode_format_parse(system, text, size, decoder->config.long_size,
					     decoder->config.is_big_endian, &format);
		if (result)
			return result == -ENOMEM ? result : 0;
		if (learn_head(decoder, &format) && rule &&
		    resolve(decoder, rule, &format, &event)) {
			event.type = rule->type;
			learn_words(decoder, rule, text, size);
			if (decode_rule_is_vector(rule))
				learn_vector(decoder, system, format.name, &event);
		}
	}
	decoder->nr_formats++;
	decoder->types |= EVENT_BIT(event.type);
	*place = event;
	return 0;
}

uint32_t decoder_nr_formats(const struct decoder *decoder)
{
	return decoder->head.is_known ? decoder->nr_formats : 0;
}

bool decoder_has_lazy_count(const struct decoder *decoder)
{
	return decoder->has_lazy_count;
}

uint64_t decoder_events(const struct decoder *decoder)
{
	return decoder->types;
}

bool decoder_has_vectors(const struct decoder *decoder)
{
	return decoder->has_vectors;
}

bool decoder_has_x86_vectors(const struct decoder *decoder)
{
	return decoder->has_x86_vectors;
}

bool decoder_seen_vectors(const struct decoder *decoder)
{
	return decoder->seen_vectors;
}
