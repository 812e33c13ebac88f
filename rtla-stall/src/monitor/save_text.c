// SPDX-License-Identifier: GPL-2.0-only
#include "save_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <event-parse.h>
#include <trace-seq.h>

#include "../source/dat_file.h"
#include "../source/dat_formats.h"
#include "../source/dat_heap.h"
#include "../source/dat_stream.h"
#include "../source/source_live.h"
#include "../util/cleanup.h"
#include "../util/error.h"
#include "../util/strbuf.h"

#define TEXTS_MAX (256u << 20)	/* of formats, and of kallsyms */
#define COMM_SIZE 32		/* a line of cmdlines that is longer is none */

/* A trace.dat in memory, on its way to be text: libtraceevent knows how each event is printed. */
struct printing {
	struct dat_file file;
	struct tep_handle *tep;
	struct dat_stream_shared shared;
	struct dat_stream *streams;
	struct dat_heap_slot *slots;
	uint32_t nr_streams;
	uint32_t nr_slots;
};

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

/* ---- what the parser is told ------------------------------------------------------------------ */

static int add_format(const char *system, const char *text, size_t size, void *arg)
{
	/* one that does not parse prints as numbers */
	return tep_parse_event(arg, text, size, system) == TEP_ERRNO__MEM_ALLOC_FAILED ? -ENOMEM : 0;
}

static int add_formats(struct printing *printing, const struct dat_place *place, bool is_ftrace)
{
	struct dat_bytes bytes;
	struct dat_blob blob;
	int result = dat_file_read(&printing->file, place, TEXTS_MAX, &blob);

	if (result)
		return result;
	bytes = (struct dat_bytes){ blob.bytes, blob.bytes + blob.size, printing->file.is_swapped };
	result = is_ftrace ? dat_formats_walk_ftrace(&bytes, add_format, printing->tep) :
			     dat_formats_walk_events(&bytes, add_format, printing->tep);
	dat_blob_deinit(&blob);
	return result;
}

/* "ffffffff81000000 T _text [module]" */
static void add_symbol(struct tep_handle *tep, char *line)
{
	unsigned long long address;
	char name[128];
	char module[64] = "";
	char type;

	if (sscanf(line, "%llx %c %127s [%63[^]]", &address, &type, name, module) >= 3 &&
	    (type == 't' || type == 'T' || type == 'w' || type == 'W'))
		tep_register_function(tep, name, address, *module ? module : NULL);
}

static void add_symbols(struct printing *printing)
{
	struct dat_blob blob;
	char *text;
	char *rest;

	if (dat_file_read(&printing->file, &printing->file.kallsyms, TEXTS_MAX, &blob))
		return;
	text = rest = strndup((const char *)blob.bytes, blob.size);
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		add_symbol(printing->tep, line);
	free(text);
	dat_blob_deinit(&blob);
}

static void add_comms(struct tep_handle *tep, const char *cmdlines)
{
	for (const char *line = cmdlines; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char comm[COMM_SIZE];
		char *name;
		long tid = strtol(line, &name, 10);

		if (name == line || *name != ' ')
			continue;
		/* a name may begin with blanks, and be nothing else */
		snprintf(comm, sizeof(comm), "%.*s", (int)strcspn(name + 1, "\n"), name + 1);
		tep_register_comm(tep, comm, (int)tid);
	}
}

static int learn(struct printing *printing, const struct strbuf *cmdlines, struct error *err)
{
	int result;

	tep_set_loglevel(TEP_LOG_NONE);
	printing->tep = tep_alloc();
	if (!printing->tep)
		return no_memory(err);
	tep_set_long_size(printing->tep, (int)printing->file.long_size);
	tep_set_page_size(printing->tep, (int)printing->file.page_size);
	tep_set_file_bigendian(printing->tep, printing->file.is_big_endian ? TEP_BIG_ENDIAN :
									      TEP_LITTLE_ENDIAN);
	result = add_formats(printing, &printing->file.ftrace_formats, true);
	if (!result)
		result = add_formats(printing, &printing->file.event_formats, false);
	if (result)
		return error_set(err, result, "the formats of its events: %s", strerror(-result));
	add_symbols(printing);
	add_comms(printing->tep, cmdlines->text);
	return 0;
}

/* ---- records ---------------------------------------------------------------------------------- */

static int open_streams(struct printing *printing)
{
	const struct dat_buffer *buffer = &printing->file.buffers[0];

	printing->shared = (struct dat_stream_shared){
		.file = &printing->file,
		.page_size = printing->file.subbuffer_size ? printing->file.subbuffer_size :
							     printing->file.page_size,
	};
	printing->streams = calloc(buffer->nr_cpus + 1u, sizeof(*printing->streams));
	printing->slots = calloc(buffer->nr_cpus + 1u, sizeof(*printing->slots));
	if (!printing->streams || !printing->slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < buffer->nr_cpus; i++) {
		struct dat_stream *stream = &printing->streams[printing->nr_streams++];

		dat_stream_init(stream, &printing->shared, &buffer->cpus[i]);
		if (dat_stream_next(stream) != DAT_END)
			printing->slots[printing->nr_slots++] =
				(struct dat_heap_slot){ stream->at, stream->cpu, i };
	}
	for (uint32_t i = printing->nr_slots / 2; i-- > 0;)
		dat_heap_sift_down(printing->slots, printing->nr_slots, i);
	return 0;
}

static void print_record(const struct printing *printing, const struct dat_stream *stream,
			 struct trace_seq *line)
{
	struct tep_record record = {
		.ts = stream->at,
		.cpu = (int)stream->cpu,
		.size = (int)stream->record_size,
		.data = (void *)stream->record,
	};

	tep_print_event(printing->tep, line, &record, "%16s-%-7d [%03d] %s %9d: %s: %s\n", TEP_PRINT_COMM,
			TEP_PRINT_PID, TEP_PRINT_CPU, TEP_PRINT_LATENCY, TEP_PRINT_TIME, TEP_PRINT_NAME,
			TEP_PRINT_INFO);
}

static void print_loss(const struct dat_stream *stream, struct trace_seq *line)
{
	if (stream->lost_events)
		trace_seq_printf(line, "CPU:%u [LOST %llu EVENTS]\n", stream->cpu,
				 (unsigned long long)stream->lost_events);
	else
		trace_seq_printf(line, "CPU:%u [LOST EVENTS]\n", stream->cpu);
}

/* The end of a record, or of a line of its stack */
static bool is_end_of_line(const char *at)
{
	return *at == '\n' && (!at[1] || !strcmp(at + 1, "\n") || !strncmp(at + 1, "\t=>", 3) ||
			       !strncmp(at + 1, " =>", 3));
}

/* A name that holds an end of line would look like two records, one that holds an escape would be obeyed. */
static void tame(char *line)
{
	for (; *line; line++) {
		if (((unsigned char)*line < ' ' && *line != '\t' && !is_end_of_line(line)) || *line == 0x7f)
			*line = '?';
	}
}

static int print_all(struct printing *printing, FILE *out)
{
	struct trace_seq line;
	int result = 0;

	trace_seq_init(&line);
	while (printing->nr_slots && !result) {
		struct dat_heap_slot *top = printing->slots;
		struct dat_stream *stream = &printing->streams[top->stream];

		trace_seq_reset(&line);
		if (stream->item == DAT_RECORD)
			print_record(printing, stream, &line);
		else
			print_loss(stream, &line);
		trace_seq_terminate(&line);
		tame(line.buffer);
		if (fputs(line.buffer, out) < 0)
			result = -EIO;
		if (dat_stream_next(stream) != DAT_END)
			top->at = stream->at;
		else
			*top = printing->slots[--printing->nr_slots];
		if (printing->nr_slots > 1)
			dat_heap_sift_down(printing->slots, printing->nr_slots, 0);
	}
	trace_seq_destroy(&line);
	return result ? result : ferror(out) || fflush(out) ? -EIO : 0;
}

static void printing_deinit(struct printing *printing)
{
	for (uint32_t i = 0; i < printing->nr_streams; i++)
		dat_stream_deinit(&printing->streams[i]);
	free(printing->streams);
	free(printing->slots);
	if (printing->tep)
		tep_free(printing->tep);
	dat_file_close(&printing->file);
}

int save_text(const struct source *live, const struct strbuf *cmdlines, FILE *out, struct error *err)
{
	__cleanup_close int fd = memfd_create("rtla-stall trace", MFD_CLOEXEC);
	struct printing printing = { 0 };
	int result;

	if (fd < 0)
		return error_set(err, -errno, "memory for the trace: %s", strerror(errno));
	result = source_live_save(live, fd, cmdlines, err);
	if (!result)
		result = dat_file_open(fd, &printing.file, err);
	if (result)
		return result;
	fprintf(out, "# tracer: nop\n#\n# kernel: %s; clock: %s; times in seconds, to the nanosecond\n#\n"
		"#           TASK-PID     CPU#  FLAGS       TIMESTAMP  FUNCTION\n", live->info.kernel,
		live->info.clock);
	result = learn(&printing, cmdlines, err);
	if (!result && open_streams(&printing))
		result = no_memory(err);
	if (!result) {
		result = print_all(&printing, out);
		if (result)
			error_set(err, result, "%s", strerror(-result));
	}
	printing_deinit(&printing);
	return result;
}
