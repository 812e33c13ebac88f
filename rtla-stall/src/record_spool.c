// SPDX-License-Identifier: GPL-2.0-only
#include "record_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/dat_write.h"
#include "source/live_read.h"
#include "util/error.h"

#define ROOM_SIZE (1u << 20)

/* Not every file system has files without a name. */
static int open_nameless(const char *path)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) + 1 : 0;
	char *name;
	int fd;

	if (asprintf(&name, "%.*s.", length, path) < 0)
		return -ENOMEM;
	fd = open(name, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	free(name);
	if (fd >= 0)
		return fd;
	if (asprintf(&name, "%s.pages.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	else
		unlink(name);
	free(name);
	return fd;
}

int record_spool_init(struct record_spool *spool, const struct live_instance *instance,
		      const char *path, struct error *err)
{
	uint32_t nr_cpus = 0;

	for (uint32_t i = 0; i < instance->nr_cpus; i++) {
		if (instance->cpus[i].cpu >= nr_cpus)
			nr_cpus = instance->cpus[i].cpu + 1;
	}
	*spool = (struct record_spool){
		.cpus = calloc(nr_cpus + 1, sizeof(*spool->cpus)),
		.room = malloc(ROOM_SIZE),
	};
	if (!spool->cpus || !spool->room)
		return error_set(err, -ENOMEM, "out of memory");
	spool->nr_cpus = nr_cpus;
	for (uint32_t i = 0; i < nr_cpus; i++)
		spool->cpus[i] = (struct record_spool_cpu){ .fd = -1, .stats = STRBUF_INIT };
	for (uint32_t i = 0; i < instance->nr_cpus; i++) {
		int fd = open_nameless(path);

		if (fd < 0)
			return error_set(err, fd, "a file for pages beside %s: %s", path, strerror(-fd));
		spool->cpus[instance->cpus[i].cpu].fd = fd;
	}
	return 0;
}

void record_spool_deinit(struct record_spool *spool)
{
	for (uint32_t i = 0; i < spool->nr_cpus; i++) {
		if (spool->cpus[i].fd >= 0)
			close(spool->cpus[i].fd);
		strbuf_deinit(&spool->cpus[i].stats);
	}
	free(spool->cpus);
	free(spool->room);
	*spool = (struct record_spool){ 0 };
}

static int write_pages(struct record_spool_cpu *cpu, const uint8_t *pages, size_t size, struct error *err)
{
	while (size) {
		ssize_t written = write(cpu->fd, pages, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return error_set(err, -errno, "pages cannot be written: %s", strerror(errno));
		pages += written;
		size -= (size_t)written;
		cpu->size += (uint64_t)written;
	}
	return 0;
}

int record_spool_take(struct record_spool *spool, const struct live_instance *instance,
		      uint64_t *most, struct error *err)
{
	/* a CPU that is faster than we are must not keep us from the other ones */
	uint64_t limit = (uint64_t)instance->buffer_kb * 1024;

	*most = 0;
	for (uint32_t i = 0; i < instance->nr_cpus; i++) {
		const struct live_cpu *cpu = &instance->cpus[i];
		uint64_t taken = 0;

		while (taken < limit) {
			ssize_t size = live_read_pages(cpu, instance->page_size, spool->room, ROOM_SIZE);
			int result = 0;

			if (size < 0)
				return error_set(err, (int)size, "the buffer of CPU %u: %s", cpu->cpu,
						 strerror((int)-size));
			if (size)
				result = write_pages(&spool->cpus[cpu->cpu], spool->room, (size_t)size,
						     err);
			if (result)
				return result;
			taken += (uint64_t)size;
			if (size + instance->page_size <= ROOM_SIZE)
				break;	/* it was not full: there is no more now */
		}
		spool->bytes += taken;
		if (taken > *most)
			*most = taken;
	}
	return 0;
}

void record_spool_end(struct record_spool *spool, const struct live_instance *instance)
{
	for (uint32_t i = 0; i < instance->nr_cpus; i++) {
		struct record_spool_cpu *cpu = &spool->cpus[instance->cpus[i].cpu];
		struct live_counts counts;

		live_read_stats(&instance->cpus[i], &cpu->stats);
		live_read_counts(cpu->stats.text, &counts);
		spool->lost_events += counts.lost;
	}
}

int record_spool_write(struct record_spool *spool, const struct live_instance *instance,
		       const struct strbuf *cmdlines, int fd, struct error *err)
{
	struct dat_write_pages_of *pages = calloc(spool->nr_cpus + 1, sizeof(*pages));
	struct dat_write_setting setting = {
		.nr_cpus = spool->nr_cpus,
		.cpus = pages,
		.cmdlines = cmdlines->length && !cmdlines->has_failed ? cmdlines : NULL,
	};
	struct dat_write write;
	int result;

	if (!pages)
		return error_set(err, -ENOMEM, "out of memory");
	for (uint32_t i = 0; i < spool->nr_cpus; i++) {
		pages[i].size = spool->cpus[i].size;
		pages[i].stats = spool->cpus[i].stats.length ? spool->cpus[i].stats.text : NULL;
	}
	result = dat_write_open(&write, fd, &instance->head, &setting, err);
	for (uint32_t i = 0; !result && i < spool->nr_cpus; i++) {
		struct record_spool_cpu *cpu = &spool->cpus[i];

		if (cpu->size)
			result = dat_write_from(&write, cpu->fd, cpu->size, err);
		/* its room on the disk, at once */
		if (cpu->fd >= 0)
			close(cpu->fd);
		cpu->fd = -1;
	}
	if (!result)
		result = dat_write_close(&write, err);
	free(pages);
	return result;
}
