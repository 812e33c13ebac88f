// SPDX-License-Identifier: GPL-2.0-only
#include "live_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Room for one open file beside the message, aligned as the kernel wants it. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

int live_message_send(int to, const struct live_message *message, int fd)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)message, .iov_len = sizeof(*message) };
	union control control = { .room = { 0 } };
	struct msghdr letter = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t size;

	if (fd >= 0) {
		letter.msg_control = control.room;
		letter.msg_controllen = sizeof(control.room);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	}
	do {
		size = sendmsg(to, &letter, MSG_NOSIGNAL);
	} while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : 0;
}

int live_message_receive(int from, struct live_message *message, int *fd)
{
	struct iovec part = { .iov_base = message, .iov_len = sizeof(*message) };
	union control control = { .room = { 0 } };
	struct msghdr letter = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t size;

	*fd = -1;
	do {
		size = recvmsg(from, &letter, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (size < 0 && errno == EINTR);
	if (size < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (size != (ssize_t)sizeof(*message))
		return -EPIPE;
	message->text[sizeof(message->text) - 1] = '\0';
	if (letter.msg_controllen >= CMSG_LEN(sizeof(int)) && control.head.cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(&control.head), sizeof(*fd));
	else if (letter.msg_flags & MSG_CTRUNC)
		return -EMFILE;
	return 1;
}
