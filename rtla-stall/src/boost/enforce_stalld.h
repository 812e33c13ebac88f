/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_BOOST_ENFORCE_STALLD_H
#define RTLA_STALL_BOOST_ENFORCE_STALLD_H

#include <stddef.h>

/*
 * stalld's options as far as they are not ours: its words for what has another word here, and what
 * means nothing here.
 */

struct error;

/**
 * enforce_stalld_word() - our option for a word of stalld's
 * @word: "boost_period", of @length bytes
 *
 * Return: "--period"; NULL when it is none of those.
 */
const char *enforce_stalld_word(const char *word, size_t length);

/**
 * enforce_stalld_refuse() - is it an option that means nothing here?
 * @argument: "-M", "--adaptive_mode"
 *
 * Return: 0; or -EINVAL with words in @err that say what to do instead.
 */
int enforce_stalld_refuse(const char *argument, struct error *err);

#endif
