// SPDX-License-Identifier: GPL-2.0-only
#include "hist_merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json.h>

#include "merge_sum.h"
#include "merge_write.h"
#include "monitor/monitor_params.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/outfile.h"

#define MAX_DEPTH 32
#define CHUNK 65536

/*
 * ---- reading ----------------------------------------------------------------------------------
 */

static bool is_blank(const char *text, size_t length)
{
	return strspn(text, " \t\r\n") >= length;
}

/* Feeds one chunk, which ends in NUL. Return: 0 or a negative errno with words */
static int feed(struct json_tokener *tokener, struct json_object **root, const char *chunk, size_t length,
		const char *path, struct error *err)
{
	enum json_tokener_error state;

	/* it would end the text for the tokener, which knows strings only */
	if (memchr(chunk, '\0', length))
		return error_set(err, -EINVAL, "%s: is no JSON: it is binary", path);
	if (*root)
		return is_blank(chunk, length) ?
			       0 :
			       error_set(err, -EINVAL, "%s: more than one document", path);
	*root = json_tokener_parse_ex(tokener, chunk, (int)length);
	state = json_tokener_get_error(tokener);
	if (state == json_tokener_continue)
		return 0;
	if (state != json_tokener_success)
		return error_set(err, -EINVAL, "%s: is no JSON: %s", path,
				 json_tokener_error_desc(state));
	if (!*root)
		return error_set(err, -EINVAL, "%s: is no document of rtla-stall", path);
	return 0;
}

static int read_all(struct json_tokener *tokener, int fd, struct json_object **root, const char *path,
		    struct error *err)
{
	__cleanup_free char *chunk = malloc(CHUNK + 1);
	uint64_t total = 0;

	if (!chunk)
		return error_set(err, -ENOMEM, "out of memory");
	for (;;) {
		ssize_t length = read(fd, chunk, CHUNK);
		int code;

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_set(err, -errno, "%s: %s", path, strerror(errno));
		if (!length)
			break;
		total += (uint64_t)length;
		if (total > HIST_MERGE_MAX_BYTES)
			return error_set(err, -EFBIG, "%s: larger than %u MiB", path,
					 HIST_MERGE_MAX_BYTES >> 20);
		chunk[length] = '\0';
		code = feed(tokener, root, chunk, (size_t)length, path, err);
		if (code)
			return code;
	}
	if (!*root)
		return error_set(err, -EINVAL, "%s: %s", path,
				 total ? "the document is cut" : "is empty");
	return 0;
}

static int read_document(int fd, const char *path, struct json_object **ret, struct error *err)
{
	struct json_tokener *tokener = json_tokener_new_ex(MAX_DEPTH);
	struct json_object *root = NULL;
	int code;

	if (!tokener)
		return error_set(err, -ENOMEM, "out of memory");
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	code = read_all(tokener, fd, &root, path, err);
	json_tokener_free(tokener);
	if (code) {
		json_object_put(root);
		return code;
	}
	*ret = root;
	return 0;
}

/* A run that is counted twice would not be seen in the sums. */
static int check_new(const struct stat *files, uint32_t nr, const struct stat *file, const char *path,
		     struct error *err)
{
	for (uint32_t i = 0; i < nr; i++) {
		if (S_ISREG(file->st_mode) && files[i].st_dev == file->st_dev &&
		    files[i].st_ino == file->st_ino)
			return error_set(err, -EINVAL, "%s: is given twice", path);
	}
	return 0;
}

static int add_file(struct merge *merge, const char *path, struct stat *files, uint32_t nr,
		    struct error *err)
{
	__cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct json_object *root = NULL;
	int code;

	if (fd < 0 || fstat(fd, &files[nr]))
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	code = check_new(files, nr, &files[nr], path, err);
	if (!code)
		code = read_document(fd, path, &root, err);
	if (!code)
		code = merge_sum_add(merge, root, path, err);
	json_object_put(root);
	return code;
}

static int add_files(struct merge *merge, const struct monitor_params *params, struct error *err)
{
	__cleanup_free struct stat *files = calloc(params->nr_merge, sizeof(*files));
	int code = 0;

	if (!files)
		return error_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < params->nr_merge && !code; i++)
		code = add_file(merge, params->merge[i], files, i, err);
	return code;
}

/*
 * ---- writing ----------------------------------------------------------------------------------
 */

static int write_json(const struct merge *merge, FILE *out, bool with_titles)
{
	(void)with_titles;
	return merge_write_json(merge, out);
}

static int write_csv(const struct merge *merge, FILE *out, bool with_titles)
{
	return merge_write_csv(merge, with_titles, out);
}

static int write_output(const struct merge *merge, const struct params_output *output, bool with_titles,
			int (*write)(const struct merge *merge, FILE *out, bool with_titles), FILE *out,
			struct error *err)
{
	struct outfile file = { 0 };
	int result;

	if (!output->is_wanted)
		return 0;
	result = output->path ? outfile_open(&file, output->path, err) : 0;
	if (result)
		return result;
	result = write(merge, file.stream ? file.stream : out, with_titles);
	result = outfile_finish(&file, out, result, err);
	outfile_deinit(&file);
	return result;
}

static int write_all(const struct merge *merge, const struct monitor_params *params,
		     const struct document_layout *layout, FILE *out, struct error *err)
{
	struct document_layout shown = *layout;
	struct outfile none = { 0 };
	int result;

	shown.top = params->top;
	shown.no_header = params->no_header;
	if (!params->json.is_wanted && !params->csv.is_wanted)
		return outfile_finish(&none, out, merge_write_text(merge, params, &shown, out), err);
	result = write_output(merge, &params->json, false, write_json, out, err);
	return result ? result :
			write_output(merge, &params->csv, !params->no_header, write_csv, out, err);
}

int hist_merge_run(const struct monitor_params *params, const struct document_layout *layout, FILE *out,
		   struct error *err)
{
	struct merge merge;
	int code;

	if (!params->nr_merge)
		return error_set(err, -EINVAL, "hist merge: no file was given");
	if (merge_sum_init(&merge))
		return error_set(err, -ENOMEM, "out of memory");
	code = add_files(&merge, params, err);
	if (!code) {
		merge_sum_finish(&merge);
		code = write_all(&merge, params, layout, out, err);
	}
	merge_sum_deinit(&merge);
	return code;
}
