// SPDX-License-Identifier: GPL-2.0-only
#include "decode_state.h"

#include <string.h>

#include "decode_print.h"

#define WORDS_MAX 32
#define FIRST_BITS 0xfu		/* S, D, T, t in every kernel: one of them at a time */

static enum event_left left_of_letter(char letter)
{
	switch (letter) {
	case 'D':
		return LEFT_SUSPENDED;
	case 'X':
	case 'x':
	case 'Z':
		return LEFT_DEAD;
	case 'S':
	case 'T':
	case 't':
	case 'P':
	case 'I':
	case 'N':
	case 'n':
		return LEFT_SLEEPING;
	default:
		return LEFT_UNKNOWN;
	}
}

void decode_state_init(struct decode_state *state, const char *format, size_t size)
{
	struct decode_word words[WORDS_MAX];
	size_t nr_words = decode_print_table(format, size, words, WORDS_MAX);

	memset(state, 0, sizeof(*state));
	state->preempted_bit = decode_print_plus(format, size);
	memset(state->left_by_index, LEFT_UNKNOWN, sizeof(state->left_by_index));
	for (size_t i = 0; i < nr_words; i++) {
		char letter = words[i].word[0];
		enum event_left left = left_of_letter(letter);

		if (i + 1 < sizeof(state->left_by_index))
			state->left_by_index[i + 1] = (uint8_t)left;
		state->known_bits |= words[i].value;
		if (letter == 'I' || letter == 'N')
			state->idle_bits |= words[i].value;
		else if (left == LEFT_DEAD)
			state->dead_bits |= words[i].value;
		else if (left == LEFT_SUSPENDED)
			state->suspended_bits |= words[i].value;
		else if (left == LEFT_SLEEPING)
			state->sleeping_bits |= words[i].value;
	}
}

enum event_left decode_state_left_odd(const struct decode_state *state, uint64_t value)
{
	if (value & state->preempted_bit)
		return LEFT_PREEMPTED;
	if (value < sizeof(state->left_by_index) && value & FIRST_BITS & (value - 1))
		return (enum event_left)state->left_by_index[value];
	if (value & state->dead_bits)
		return LEFT_DEAD;
	if (value & state->suspended_bits)
		return value & state->idle_bits ? LEFT_SLEEPING : LEFT_SUSPENDED;
	if (value & (state->sleeping_bits | state->idle_bits))
		return LEFT_SLEEPING;
	return LEFT_UNKNOWN;
}
