// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trace that is saved begins somewhere: the oldest pages are gone, of each CPU others. What is said of a
 * wait that lies in what was saved must not depend on where that is.
 *
 * Each sample is read as a live run reads it, with room for 2, 3, 4 ... pages of each CPU, and saved as it
 * saves it. The law (Documentation/engine.rst): a wait that began after all CPUs' first records, and after
 * the first switches of those it waited on, is the same, word for word. Beside these there is but what was
 * woken on another CPU just before: it is flagged, as touched by loss.
 */
#include <glob.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "source/dat_bytes.h"
#include "source/dat_codec.h"
#include "source/dat_formats.h"
#include "source/dat_write.h"
#include "source/source.h"
#include "source/source_live_state.h"
#include "util/error.h"
#include "util/names.h"

#define PAGE 4096u
#define CPUS_MAX 16
#define CUTS_MAX 24

/* ---- a sample, as a live run would have read it ----------------------------------------------- */

struct pages {
	uint8_t *bytes;
	uint32_t nr;
};

struct recording {
	int head_fd;			/* a trace.dat without pages */
	uint32_t nr_cpus;
	struct pages cpus[CPUS_MAX];
};

static int open_room(void)
{
	int fd = memfd_create("trace.dat", 0);

	assert_true(fd >= 0);
	return fd;
}

static int add_format(const char *system, const char *text, size_t size, void *arg)
{
	return dat_meta_add_format(arg, system, text, size);
}

static void add_formats(const struct dat_file *file, struct dat_meta *meta)
{
	struct dat_bytes bytes;
	struct dat_blob blob;

	assert_int_equal(dat_file_read(file, &file->ftrace_formats, 16u << 20, &blob), 0);
	bytes = (struct dat_bytes){ .at = blob.bytes, .end = blob.bytes + blob.size };
	assert_int_equal(dat_formats_walk_ftrace(&bytes, add_format, meta), 0);
	dat_blob_deinit(&blob);
	assert_int_equal(dat_file_read(file, &file->event_formats, 64u << 20, &blob), 0);
	bytes = (struct dat_bytes){ .at = blob.bytes, .end = blob.bytes + blob.size };
	assert_int_equal(dat_formats_walk_events(&bytes, add_format, meta), 0);
	dat_blob_deinit(&blob);
}

static void make_head(const struct dat_file *file, struct recording *ret)
{
	struct dat_meta meta;
	struct error err;

	dat_meta_init(&meta);
	meta.page_size = PAGE;
	meta.nr_cpus = ret->nr_cpus;
	strbuf_adds(&meta.header_page, "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
		    "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
		    "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n");
	strbuf_adds(&meta.header_event, "# compressed entry header\n");
	strbuf_addf(&meta.clock, "[%s]\n", file->clock);
	strbuf_adds(&meta.uname, file->uname);
	add_formats(file, &meta);
	ret->head_fd = open_room();
	assert_int_equal(dat_write_head(ret->head_fd, &meta, &err), 0);
	dat_meta_deinit(&meta);
}

static void add_pages(struct pages *pages, const struct dat_file *file, const uint8_t *from,
		      uint32_t packed_size, uint32_t size)
{
	assert_int_equal(size % PAGE, 0);
	pages->bytes = realloc(pages->bytes, (size_t)pages->nr * PAGE + size);
	assert_non_null(pages->bytes);
	assert_int_equal(dat_codec_expand(file->codec, from, packed_size,
					  pages->bytes + (size_t)pages->nr * PAGE, size), 0);
	pages->nr += size / PAGE;
}

static void read_pages(const struct dat_file *file, const struct dat_cpu *cpu, struct pages *pages)
{
	struct dat_bytes bytes = dat_file_bytes(file, cpu->offset, UINT64_MAX);
	uint32_t packed_size = 0;
	uint32_t size = 0;
	uint32_t nr = 0;

	if (cpu->size)
		assert_true(dat_bytes_u32(&bytes, &nr));
	while (nr--) {
		assert_true(dat_bytes_u32(&bytes, &packed_size) && dat_bytes_u32(&bytes, &size));
		add_pages(pages, file, dat_bytes_take(&bytes, packed_size), packed_size, size);
	}
}

static const struct dat_buffer *find_buffer(const struct dat_file *file)
{
	for (uint32_t i = 0; i < file->nr_buffers; i++) {
		if (file->buffers[i].nr_cpus && file->buffers[i].is_compressed)
			return &file->buffers[i];
	}
	return NULL;
}

static void recording_open(const char *path, struct recording *ret)
{
	const struct dat_buffer *buffer;
	struct dat_file file;
	struct error err;
	FILE *stream = fopen(path, "re");

	assert_non_null(stream);
	if (dat_file_open(fileno(stream), &file, &err))
		fail_msg("%s: %s", path, err.text);
	fclose(stream);
	buffer = find_buffer(&file);
	assert_non_null(buffer);
	assert_true(file.time.is_identity && file.page_size == PAGE && buffer->nr_cpus <= CPUS_MAX);
	*ret = (struct recording){ .nr_cpus = buffer->nr_cpus };
	for (uint32_t i = 0; i < buffer->nr_cpus; i++)
		read_pages(&file, &buffer->cpus[i], &ret->cpus[buffer->cpus[i].cpu]);
	make_head(&file, ret);
	dat_file_close(&file);
}

static void recording_close(struct recording *recording)
{
	for (uint32_t i = 0; i < recording->nr_cpus; i++)
		free(recording->cpus[i].bytes);
	close(recording->head_fd);
}

static int make_pages_fd(const struct pages *pages)
{
	int fd = open_room();

	assert_int_equal(pwrite(fd, pages->bytes, (size_t)pages->nr * PAGE, 0), (size_t)pages->nr * PAGE);
	return fd;
}

/* A live source whose buffers are files, with room for so many pages of each CPU. */
static struct source *open_live(const struct recording *recording, uint32_t nr_pages, struct names *names)
{
	struct source_live_options options = { .names = names };
	struct live_instance instance;
	struct source_live *live;
	struct source *source;
	struct error err;

	live_instance_init(&instance);
	instance.page_size = PAGE;
	instance.buffer_kb = 1024;
	instance.nr_cpus = recording->nr_cpus;
	instance.cpus = calloc(recording->nr_cpus, sizeof(*instance.cpus));
	assert_non_null(instance.cpus);
	for (uint32_t i = 0; i < recording->nr_cpus; i++)
		instance.cpus[i] = (struct live_cpu){ i, make_pages_fd(&recording->cpus[i]), -1 };
	assert_int_equal(dat_file_open(recording->head_fd, &instance.head, &err), 0);
	if (source_live_open(&instance, &options, &source, &err))
		fail_msg("%s", err.text);
	live = (struct source_live *)source;
	for (uint32_t i = 0; i < recording->nr_cpus; i++) {
		live_ring_deinit(&live->readers[i].ring);
		assert_int_equal(live_ring_init(&live->readers[i].ring, PAGE, nr_pages), 0);
	}
	return source;
}

/* What such a source saves when it has read everything. */
static int save(const struct recording *recording, uint32_t nr_pages)
{
	struct names *names = names_create();
	struct source *source = open_live(recording, nr_pages, names);
	const struct source_live *live = (const struct source_live *)source;
	struct event event = { 0 };
	struct error err;
	int fd = open_room();

	while (event.type != EVENT_TICK || live->is_behind)
		assert_int_equal(source_next(source, &event, &err), 1);
	if (source_live_save(source, fd, NULL, &err))
		fail_msg("%s", err.text);
	source_close(source);
	names_destroy(names);
	return fd;
}

/* ---- what is said of it ----------------------------------------------------------------------- */

struct told {
	int32_t tid;
	uint64_t began_at;
	uint64_t cpus;		/* a bit for each it was queued on */
	bool is_touched;	/* by a loss, and says so */
	char *words;
};

struct analysis {
	struct engine *eng;
	struct names *names;
	size_t nr;
	size_t nr_allocated;
	struct told *waits;
	uint64_t begins_at;	/* the last of the CPUs' first records */
	uint64_t first_at[CPUS_MAX]; /* each CPU's first switch; UINT64_MAX: there is none */
};

static void add_culprit(const struct analysis *analysis, struct strbuf *words, uint32_t number)
{
	struct culprit culprit;

	if (number == CULPRIT_NONE) {
		strbuf_adds(words, " none");
		return;
	}
	culprit = engine_culprit(analysis->eng, number);
	strbuf_addf(words, " %s/%" PRId32 "/%s", culprit_kind_name(culprit.kind), culprit.id, culprit.name);
}

static void add_segment(const struct analysis *analysis, struct strbuf *words, const struct segment *segment)
{
	const char *reason = reason_name((enum reason)segment->reason);

	strbuf_addf(words, "\n    %" PRIu64 "..%" PRIu64 " CPU %" PRIu32 " %s/%s%s", segment->from_at,
		    segment->to_at, segment->cpu, cause_name((enum cause)segment->cause),
		    reason ? reason : "", segment->inferred ? " inferred" : "");
	add_culprit(analysis, words, segment->culprit);
	strbuf_addf(words, " prio %" PRId32 " for", segment->culprit_prio);
	add_culprit(analysis, words, segment->on_behalf_of);
}

static void on_episode(const struct episode *episode, void *arg)
{
	struct analysis *analysis = arg;
	struct strbuf words = STRBUF_INIT;
	uint64_t cpus = 0;

	if (analysis->nr == analysis->nr_allocated) {
		analysis->nr_allocated = analysis->nr_allocated ? 2 * analysis->nr_allocated : 1024;
		analysis->waits = reallocarray(analysis->waits, analysis->nr_allocated, sizeof(struct told));
		assert_non_null(analysis->waits);
	}
	strbuf_addf(&words, "  tid %" PRId32 " %" PRIu64 "..%" PRIu64 " prio %" PRId32 " CPU %" PRIu32
		    " by %u flags %u work %s, by", episode->tid, episode->began_at, episode->ended_at,
		    episode->prio, episode->cpu, episode->began_by, episode->flags,
		    names_get(analysis->names, episode->work_function));
	add_culprit(analysis, &words, episode->work_queued_by);
	strbuf_adds(&words, episode->waker_inferred ? ", waker inferred" : ", waker");
	add_culprit(analysis, &words, episode->waker);
	for (uint32_t i = 0; i < episode->nr_segments; i++)
		add_segment(analysis, &words, &episode->segments[i]);
	for (uint32_t i = 0; i < episode->nr_cpus; i++)
		cpus |= UINT64_C(1) << episode->cpus[i];
	analysis->waits[analysis->nr++] = (struct told){
		episode->tid, episode->began_at, cpus,
		episode->flags & EPISODE_TOUCHED_BY_LOSS, words.text
	};
}

static void analysis_run(int fd, struct analysis *ret)
{
	struct source_options options = { .names = names_create() };
	struct engine_config config = { .names = options.names, .on_episode = on_episode, .arg = ret };
	bool has_record[CPUS_MAX] = { false };
	struct source *source;
	struct event event;
	struct error err;

	*ret = (struct analysis){ .names = options.names };
	memset(ret->first_at, 0xff, sizeof(ret->first_at));
	if (source_dat_open(fd, "trace.dat", &options, &source, &err))
		fail_msg("%s", err.text);
	config.facts = source_facts(&source->info);
	assert_int_equal(engine_create(&config, &ret->eng), 0);
	while (source_next(source, &event, &err) > 0) {
		if (event.type != EVENT_LOSS && event.type != EVENT_PI_SETPRIO && !has_record[event.cpu]) {
			has_record[event.cpu] = true;
			ret->begins_at = event.at;
		}
		if (event.type == EVENT_SWITCH && event.at < ret->first_at[event.cpu])
			ret->first_at[event.cpu] = event.at;
		assert_int_equal(engine_feed(ret->eng, &event), 0);
	}
	source_close(source);
}

static void analysis_free(struct analysis *analysis)
{
	for (size_t i = 0; i < analysis->nr; i++)
		free(analysis->waits[i].words);
	free(analysis->waits);
	engine_destroy(analysis->eng);
	names_destroy(analysis->names);
}

/* ---- the law ---------------------------------------------------------------------------------- */

struct counts {
	uint64_t same;
	uint64_t flagged;
	uint64_t wrong;
};

static int by_wait(const void *left, const void *right)
{
	const struct told *a = left;
	const struct told *b = right;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	return (a->began_at > b->began_at) - (a->began_at < b->began_at);
}

static bool is_inside(const struct told *wait, const struct analysis *cut)
{
	if (wait->began_at <= cut->begins_at)
		return false;
	for (uint32_t i = 0; i < CPUS_MAX; i++) {
		if (wait->cpus >> i & 1 && wait->began_at <= cut->first_at[i])
			return false;
	}
	return true;
}

static const struct told *next_inside(const struct analysis *analysis, size_t *at, const struct analysis *cut)
{
	while (*at < analysis->nr && !is_inside(&analysis->waits[*at], cut))
		++*at;
	return *at < analysis->nr ? &analysis->waits[(*at)++] : NULL;
}

static void compare(const char *path, uint32_t nr_pages, struct analysis *whole, struct analysis *cut,
		    struct counts *counts)
{
	size_t i = 0, j = 0;

	qsort(cut->waits, cut->nr, sizeof(*cut->waits), by_wait);
	for (;;) {
		const struct told *a = next_inside(whole, &i, cut);
		const struct told *b = next_inside(cut, &j, cut);
		int order = !a ? 1 : !b ? -1 : by_wait(a, b);

		if (!a && !b)
			return;
		i -= a && order > 0;
		j -= b && order < 0;
		if (!order && !strcmp(a->words, b->words)) {
			counts->same++;
			continue;
		}
		/* the waking was recorded on another CPU, just before */
		if (order > 0 && b->is_touched) {
			counts->flagged++;
			continue;
		}
		counts->wrong++;
		print_message("# %s, %u pages\n# whole: %s\n# cut: %s\n", path, nr_pages,
			      order <= 0 ? a->words : "-", order >= 0 ? b->words : "-");
	}
}

static void test_sample(const char *path, struct counts *counts)
{
	struct recording recording;
	struct analysis whole;
	uint32_t most = 0;
	uint32_t step;

	recording_open(path, &recording);
	for (uint32_t i = 0; i < recording.nr_cpus; i++) {
		if (recording.cpus[i].nr > most)
			most = recording.cpus[i].nr;
	}
	step = most / CUTS_MAX + 1;
	analysis_run(save(&recording, most + 2), &whole);
	qsort(whole.waits, whole.nr, sizeof(*whole.waits), by_wait);
	for (uint32_t nr = 2; nr < most; nr += step) {
		struct analysis cut;

		analysis_run(save(&recording, nr), &cut);
		compare(path, nr, &whole, &cut, counts);
		analysis_free(&cut);
	}
	analysis_free(&whole);
	recording_close(&recording);
}

static void waits_inside_are_the_same_wherever_it_begins(void **state)
{
	struct counts counts = { 0 };
	const char *pattern = getenv("SAMPLES") ? getenv("SAMPLES") : "sample-traces/*.dat";
	glob_t samples;

	(void)state;
	assert_int_equal(glob(pattern, 0, NULL, &samples), 0);
	if (!getenv("SAMPLES"))
		assert_int_equal(glob("sample-traces/bench/*.dat", GLOB_APPEND, NULL, &samples), 0);
	for (size_t i = 0; i < samples.gl_pathc; i++)
		test_sample(samples.gl_pathv[i], &counts);
	globfree(&samples);
	print_message("# %" PRIu64 " waits the same, %" PRIu64 " flagged, %" PRIu64 " not\n", counts.same,
		      counts.flagged, counts.wrong);
	assert_int_equal(counts.wrong, 0);
	assert_true(counts.same > 100000 && counts.flagged < counts.same / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_inside_are_the_same_wherever_it_begins),
	};

	return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
