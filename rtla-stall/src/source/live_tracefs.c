// SPDX-License-Identifier: GPL-2.0-only
#include "live_tracefs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"
#include "dat_write.h"
#include "live_lockdown.h"

#define READ_SIZE 65536

bool live_tracefs_path(char *path, const char *dir, const char *name)
{
	int length = snprintf(path, LIVE_PATH_MAX, "%s/%s", dir, name);

	return length > 0 && length < LIVE_PATH_MAX;
}

static int read_fd(int fd, struct strbuf *out)
{
	__cleanup_free char *room = malloc(READ_SIZE);

	if (!room)
		return -ENOMEM;
	for (;;) {
		ssize_t size = read(fd, room, READ_SIZE);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		if (!size)
			return out->has_failed ? -ENOMEM : 0;
		strbuf_add(out, room, (size_t)size);
	}
}

int live_tracefs_read(const char *dir, const char *name, struct strbuf *out, struct error *err)
{
	char path[LIVE_PATH_MAX];
	__cleanup_close int fd = -1;
	int result;

	if (!live_tracefs_path(path, dir, name))
		return error_set(err, -ENAMETOOLONG, "%s: %s", dir, strerror(ENAMETOOLONG));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	result = fd < 0 ? -errno : read_fd(fd, out);
	return result ? error_set(err, result, "%s: %s", path, strerror(-result)) : 0;
}

bool live_tracefs_has(const char *dir, const char *name)
{
	char path[LIVE_PATH_MAX];

	return live_tracefs_path(path, dir, name) && !access(path, F_OK);
}

bool live_tracefs_has_word(const char *dir, const char *name, const char *word)
{
	struct strbuf text = STRBUF_INIT;
	bool is_found = false;

	if (!live_tracefs_read(dir, name, &text, NULL)) {
		char *rest = text.length ? text.text : NULL;

		for (char *one; rest && (one = strsep(&rest, " \t\n"));)
			is_found = is_found || !strcmp(one, word);
	}
	strbuf_deinit(&text);
	return is_found;
}

/* ---- where it is ------------------------------------------------------------------------------ */

/*
 * @type: of the file system; the first mount of it, with @below behind its path.
 * Return: 1, 0 when there is none, or a negative errno when that cannot be looked up.
 */
static int find_mount(const char *type, const char *below, char *path)
{
	__cleanup_fclose FILE *mounts = fopen("/proc/self/mounts", "re");
	__cleanup_free char *line = NULL;
	size_t room = 0;

	if (!mounts)
		return -errno;
	while (getline(&line, &room, mounts) > 0) {
		char where[LIVE_PATH_MAX];
		char what[64];

		if (sscanf(line, "%*s %511s %63s", where, what) == 2 && !strcmp(what, type) &&
		    snprintf(path, LIVE_PATH_MAX, "%s%s", where, below) < LIVE_PATH_MAX)
			return 1;
	}
	return 0;
}

static int say_no_access(const char *path, int code, struct error *err)
{
	if (geteuid())
		return error_set(err, code, "tracing needs root: %s: %s", path, strerror(-code));
	if (live_lockdown_explain(LIVE_LOCKDOWN_FILE, err))
		return -EPERM;
	return error_set(err, code, "%s: %s: the right to trace (CAP_SYS_ADMIN) is missing here", path,
			 strerror(-code));
}

int live_tracefs_find(char *path, struct error *err)
{
	char instances[LIVE_PATH_MAX];
	int is_found = find_mount("tracefs", "", path);

	if (!is_found)
		is_found = find_mount("debugfs", "/tracing", path);
	if (is_found < 0)
		return error_set(err, is_found, "/proc/self/mounts: %s", strerror(-is_found));
	if (!is_found) {
		if (!live_tracefs_has_word("/proc", "filesystems", "tracefs"))
			return error_set(err, -ENOSYS, "this kernel has no tracefs: it cannot trace");
		return error_set(err, -ENOENT, "tracefs is not mounted: "
				 "mount -t tracefs nodev /sys/kernel/tracing");
	}
	if (!live_tracefs_path(instances, path, "instances") || access(instances, W_OK | X_OK)) {
		int code = errno ? -errno : -EACCES;

		/* locked down from its start on, it made no files there */
		if (code == -ENOENT && live_lockdown_explain(LIVE_LOCKDOWN_FILE, err))
			return -EPERM;
		if (code == -ENOENT)
			return error_set(err, code, "%s: this kernel has no instances of tracing", path);
		return say_no_access(path, code, err);
	}
	return 0;
}

/* ---- who uses it ------------------------------------------------------------------------------ */

static bool runs_exclusive(const char *dir, char *tracer)
{
	struct strbuf text = STRBUF_INIT;
	bool is_found = false;

	if (!live_tracefs_read(dir, "current_tracer", &text, NULL) && text.length < 16) {
		snprintf(tracer, 16, "%.*s", (int)strcspn(text.text, "\n"), text.text);
		is_found = !strcmp(tracer, "osnoise") || !strcmp(tracer, "timerlat");
	}
	strbuf_deinit(&text);
	return is_found;
}

/* Does the process have a file open below @dir? */
static bool has_open(const char *process, const char *dir)
{
	char path[LIVE_PATH_MAX];
	__cleanup_closedir DIR *fds = NULL;
	const struct dirent *entry;

	if (snprintf(path, sizeof(path), "/proc/%s/fd", process) >= (int)sizeof(path))
		return false;
	fds = opendir(path);
	while (fds && (entry = readdir(fds))) {
		char target[LIVE_PATH_MAX];
		ssize_t length = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);

		if (length <= 0)
			continue;
		target[length] = '\0';
		if (!strncmp(target, dir, strlen(dir)) && target[strlen(dir)] == '/')
			return true;
	}
	return false;
}

static void add_process(const char *dir, char *who, size_t who_size)
{
	__cleanup_closedir DIR *processes = opendir("/proc");
	struct strbuf comm = STRBUF_INIT;
	const struct dirent *entry;
	size_t used = strlen(who);

	while (processes && (entry = readdir(processes))) {
		char path[LIVE_PATH_MAX];

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || !has_open(entry->d_name, dir))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s", entry->d_name);
		if (!live_tracefs_read(path, "comm", &comm, NULL))
			snprintf(who + used, who_size - used, " of %.*s (process %.20s)",
				 (int)strcspn(comm.text, "\n"), comm.text, entry->d_name);
		break;
	}
	strbuf_deinit(&comm);
}

bool live_tracefs_holder(const char *root, char *tracer, char *who, size_t who_size)
{
	char instances[LIVE_PATH_MAX];
	__cleanup_closedir DIR *list = NULL;
	const struct dirent *entry;

	if (runs_exclusive(root, tracer)) {
		snprintf(who, who_size, "the main instance");
		return true;
	}
	if (!live_tracefs_path(instances, root, "instances"))
		return false;
	list = opendir(instances);
	while (list && (entry = readdir(list))) {
		char dir[LIVE_PATH_MAX];

		if (entry->d_name[0] == '.' || !live_tracefs_path(dir, instances, entry->d_name) ||
		    !runs_exclusive(dir, tracer))
			continue;
		snprintf(who, who_size, "instance %.64s", entry->d_name);
		add_process(dir, who, who_size);
		return true;
	}
	return false;
}

/* ---- what a trace.dat says of it --------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t nr)
{
	for (size_t i = 0; names && i < nr; i++)
		free(names[i]);
	free(names);
}

/* The directories in @dir, sorted. Return: how many, or a negative errno */
static ssize_t list_dirs(const char *dir, char ***ret)
{
	__cleanup_closedir DIR *list = opendir(dir);
	const struct dirent *entry;
	char **names = NULL;
	size_t nr = 0;

	if (!list)
		return -errno;
	while ((entry = readdir(list))) {
		char **more;

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		more = reallocarray(names, nr + 1, sizeof(*names));
		if (more)
			names = more;
		if (!more || !(names[nr] = strdup(entry->d_name))) {
			free_names(names, nr);
			return -ENOMEM;
		}
		nr++;
	}
	if (nr)
		qsort(names, nr, sizeof(*names), by_name);
	*ret = names;
	return (ssize_t)nr;
}

struct format_walk {
	const char *events;
	struct dat_meta *meta;
	bool (*is_wanted)(const char *system, const char *name, void *arg);
	void *arg;
};

static int read_formats_of(const struct format_walk *walk, const char *system, struct error *err)
{
	char dir[LIVE_PATH_MAX];
	char **names = NULL;
	ssize_t nr = live_tracefs_path(dir, walk->events, system) ? list_dirs(dir, &names) :
								    -ENAMETOOLONG;
	int result = 0;

	if (nr < 0)
		return error_set(err, (int)nr, "%s: %s", dir, strerror((int)-nr));
	for (ssize_t i = 0; !result && names && i < nr; i++) {
		struct strbuf text = STRBUF_INIT;
		char event[LIVE_PATH_MAX];

		if (strcmp(system, "ftrace") && !walk->is_wanted(system, names[i], walk->arg))
			continue;
		if (live_tracefs_path(event, dir, names[i]))
			result = live_tracefs_read(event, "format", &text, err);
		if (!result && dat_meta_add_format(walk->meta, system, text.text, text.length))
			result = error_set(err, -ENOMEM, "out of memory");
		strbuf_deinit(&text);
	}
	free_names(names, (size_t)nr);
	return result;
}

static int read_formats(const struct format_walk *walk, struct error *err)
{
	char **systems = NULL;
	ssize_t nr = list_dirs(walk->events, &systems);
	int result = 0;

	if (nr < 0)
		return error_set(err, (int)nr, "%s: %s", walk->events, strerror((int)-nr));
	for (ssize_t i = 0; !result && systems && i < nr; i++)
		result = read_formats_of(walk, systems[i], err);
	free_names(systems, (size_t)nr);
	return result;
}

/* Functions only: what else there is would double its size. Addresses may be hidden: then none. */
static void read_symbols(struct strbuf *out)
{
	__cleanup_fclose FILE *file = fopen("/proc/kallsyms", "re");
	__cleanup_free char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while (file && (size = getline(&line, &room, file)) > 0) {
		const char *type = strchr(line, ' ');

		if (type && strchr("tTwW", type[1]) && strtoull(line, NULL, 16))
			strbuf_add(out, line, (size_t)size);
	}
}

static void read_uname(struct strbuf *out)
{
	struct utsname name;

	if (!uname(&name))
		strbuf_addf(out, "%s %s %s %s %s", name.sysname, name.nodename, name.release,
			    name.version, name.machine);
}

int live_tracefs_read_meta(const char *root, const char *instance, struct dat_meta *meta,
			   bool (*is_wanted)(const char *system, const char *name, void *arg),
			   void *arg, struct error *err)
{
	char events[LIVE_PATH_MAX];
	struct format_walk walk = { events, meta, is_wanted, arg };
	int result;

	if (!live_tracefs_path(events, instance, "events"))
		return error_set(err, -ENAMETOOLONG, "%s: %s", instance, strerror(ENAMETOOLONG));
	meta->page_size = (uint32_t)sysconf(_SC_PAGESIZE);
	result = live_tracefs_read(events, "header_page", &meta->header_page, err);
	if (!result)
		result = live_tracefs_read(events, "header_event", &meta->header_event, err);
	if (!result)
		result = read_formats(&walk, err);
	if (!result)
		result = live_tracefs_read(instance, "trace_clock", &meta->clock, err);
	/* Without these, a report has numbers in place of names. */
	if (!result && live_tracefs_has(root, "printk_formats"))
		result = live_tracefs_read(root, "printk_formats", &meta->printk, err);
	if (!result && live_tracefs_has(root, "saved_cmdlines"))
		result = live_tracefs_read(root, "saved_cmdlines", &meta->cmdlines, err);
	if (result)
		return result;
	read_symbols(&meta->kallsyms);
	read_uname(&meta->uname);
	return 0;
}
