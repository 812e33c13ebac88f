// SPDX-License-Identifier: GPL-2.0-only
#include "live_lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../util/cleanup.h"
#include "../util/error.h"

bool live_lockdown_explain(const char *path, struct error *err)
{
	__cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (size < 0)
		return false;
	text[size] = '\0';
	if (!strstr(text, "[confidentiality]"))
		return false;
	error_set(err, -EPERM, "the kernel is locked down (%s: confidentiality) and lets nobody trace; "
		  "analyze works, and enforce by /proc", path);
	return true;
}
