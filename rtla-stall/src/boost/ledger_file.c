// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "ledger_shared.h"

/*
 * Nobody else may have put a file there for us to act upon. While the directory is locked no other process
 * makes, takes over or removes the file.
 *
 * Return: its descriptor, locked, or a negative errno.
 */
static int lock_dir(const char *dir, struct error *err)
{
	struct stat status;
	int code = 0;
	int fd;

	if (mkdir(dir, 0700) && errno != EEXIST)
		return error_set(err, -errno, "%s: %s", dir, strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "%s: %s", dir, strerror(errno));
	if (fstat(fd, &status) || status.st_uid != geteuid() || status.st_mode & 022) {
		close(fd);
		return error_set(err, -EPERM, "%s: others may write to it", dir);
	}
	while (flock(fd, LOCK_EX)) {
		code = -errno;
		if (code == -EINTR)
			continue;
		close(fd);
		return error_set(err, code, "%s: %s", dir, strerror(-code));
	}
	return fd;
}

/* All zeros where there is none. */
static void read_boot_id(char *boot_id, size_t size)
{
	__cleanup_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(boot_id, 0, size);
	if (fd < 0 || read(fd, boot_id, size - 1) < 0)
		memset(boot_id, 0, size);
}

static bool read_head(int fd, struct ledger_head *head)
{
	return pread(fd, head, sizeof(*head), 0) == (ssize_t)sizeof(*head) && head->magic == LEDGER_MAGIC;
}

/*
 * A lock that ends with the process and is not inherited: a child of ours that hangs must not keep the next
 * start from it.
 */
static int lock_file(int fd, const char *path, struct error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int code;

	if (!fcntl(fd, F_SETLK, &lock))
		return 0;
	code = -errno;
	if (code != -EACCES && code != -EAGAIN)
		return error_set(err, code, "%s: %s", path, strerror(-code));
	if (fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		return error_set(err, -EBUSY, "another process makes boosts already (%s)", path);
	return error_set(err, -EBUSY, "process %d makes boosts already (%s)", (int)lock.l_pid, path);
}

/* What is not of this boot, or was never finished, speaks of nobody who is here. */
static int empty_unless_ours(int fd, const char *path, struct error *err)
{
	struct ledger_head head, ours = { .magic = LEDGER_MAGIC, .version = LEDGER_VERSION };
	struct stat status;

	if (fstat(fd, &status))
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	read_boot_id(ours.boot_id, sizeof(ours.boot_id));
	if (read_head(fd, &head) && !memcmp(head.boot_id, ours.boot_id, sizeof(ours.boot_id))) {
		if (head.version == LEDGER_VERSION && status.st_size == (off_t)sizeof(struct ledger_shared))
			return 0;
		return error_set(err, -EPROTO, "%s: another version of this program was killed while it "
				 "boosted: start that one again, or remove the file", path);
	}
	/* all of it is there from now on: a store to it cannot fail for want of memory */
	if (ftruncate(fd, 0))
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	errno = posix_fallocate(fd, 0, (off_t)sizeof(struct ledger_shared));
	if (errno || pwrite(fd, &ours, sizeof(ours), 0) != (ssize_t)sizeof(ours))
		return error_set(err, errno ? -errno : -EIO, "%s: %s", path, strerror(errno ? errno : EIO));
	return 0;
}

static int map(struct ledger_file *file, struct error *err)
{
	void *memory = mmap(NULL, sizeof(*file->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			    file->fd, 0);

	if (memory == MAP_FAILED)
		return error_set(err, -errno, "%s: %s", file->path, strerror(errno));
	file->shared = memory;
	return 0;
}

static int open_locked(struct ledger_file *file, struct error *err)
{
	__cleanup_close int dir_fd = lock_dir(file->dir, err);
	int result;

	if (dir_fd < 0)
		return dir_fd;
	file->fd = open(file->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return error_set(err, -errno, "%s: %s", file->path, strerror(errno));
	result = lock_file(file->fd, file->path, err);
	if (!result)
		result = empty_unless_ours(file->fd, file->path, err);
	if (!result)
		result = map(file, err);
	if (result)
		return result;
	/* from here on whatever is left of another run leaves it to us */
	file->previous = atomic_exchange(&file->shared->head.pid, getpid());
	file->owner = getpid();
	return 0;
}

int ledger_file_open(const char *dir, struct ledger_file *ret, struct error *err)
{
	struct ledger_file file = { .fd = -1 };
	int result;

	file.dir = strdup(dir);
	if (!file.dir || asprintf(&file.path, "%s/%s", dir, LEDGER_FILE) < 0) {
		free(file.dir);
		return error_set(err, -ENOMEM, "out of memory");
	}
	result = open_locked(&file, err);
	if (result) {
		ledger_file_close(&file, false);
		return result;
	}
	*ret = file;
	return 0;
}

bool ledger_file_is_ours(const struct ledger_file *file)
{
	return atomic_load(&file->shared->head.pid) == file->owner;
}

void ledger_file_close(struct ledger_file *file, bool is_over)
{
	if (is_over) {
		__cleanup_close int dir_fd = lock_dir(file->dir, NULL);

		/* nobody can take it over now */
		if (dir_fd >= 0 && ledger_file_is_ours(file)) {
			unlink(file->path);
			atomic_store(&file->shared->head.pid, 0);
		}
	}
	if (file->shared)
		munmap(file->shared, sizeof(*file->shared));
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file->dir);
	*file = (struct ledger_file){ .fd = -1 };
}
