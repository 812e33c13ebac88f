// SPDX-License-Identifier: GPL-2.0-only
#include "outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

/* As open() would create it, or as the file was that is replaced. */
static mode_t mode_for(const char *path)
{
	struct stat st;
	mode_t mask;

	if (!stat(path, &st))
		return st.st_mode & 0777;
	mask = umask(0);
	umask(mask);
	return 0666 & ~mask;
}

static int open_temporary(struct outfile *file)
{
	int fd;

	if (asprintf(&file->temporary, "%s.XXXXXX", file->path) < 0) {
		file->temporary = NULL;
		return -ENOMEM;
	}
	fd = mkostemp(file->temporary, 0);
	if (fd < 0) {
		int code = -errno;

		free(file->temporary);
		file->temporary = NULL;
		return code;
	}
	file->stream = fchmod(fd, mode_for(file->path)) ? NULL : fdopen(fd, "w");
	if (!file->stream) {
		int code = -errno;

		close(fd);
		return code;
	}
	return 0;
}

int outfile_open(struct outfile *file, const char *path, struct error *err)
{
	struct stat st;
	int result = 0;

	*file = (struct outfile){ .path = path };
	/* A symbolic link stays one: what it points to is written. */
	if (!lstat(path, &st) && !S_ISREG(st.st_mode)) {
		file->stream = fopen(path, "w");
		result = file->stream ? 0 : -errno;
	} else {
		result = open_temporary(file);
	}
	if (result) {
		outfile_deinit(file);
		return error_set(err, result, "%s: %s", path, strerror(-result));
	}
	return 0;
}

static int say_failed(int result, const char *path, struct error *err)
{
	if (result == -ENOMEM)
		return error_set(err, result, "out of memory");
	return error_set(err, result, "%s: %s", path, strerror(-result));
}

int outfile_finish(struct outfile *file, FILE *out, int result, struct error *err)
{
	if (file->stream)
		return result ? say_failed(result, file->path, err) : outfile_commit(file, err);
	errno = 0;
	if (!result && fflush(out))
		result = errno ? -errno : -EIO;
	if (!result || result == -EPIPE)
		return 0;
	return say_failed(result, "standard output", err);
}

int outfile_commit(struct outfile *file, struct error *err)
{
	FILE *stream = file->stream;
	int code;

	file->stream = NULL;
	errno = 0;
	if (ferror(stream) | fclose(stream))
		goto failed;
	if (file->temporary) {
		if (rename(file->temporary, file->path))
			goto failed;
		free(file->temporary);
		file->temporary = NULL;
	}
	return 0;
failed:
	code = errno ? -errno : -EIO;
	return error_set(err, code, "%s: %s", file->path, strerror(-code));
}

void outfile_deinit(struct outfile *file)
{
	if (file->stream)
		fclose(file->stream);
	if (file->temporary) {
		unlink(file->temporary);
		free(file->temporary);
	}
	*file = (struct outfile){ 0 };
}
