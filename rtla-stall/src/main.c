// SPDX-License-Identifier: GPL-2.0-only
#include "stall.h"

int main(int argc, char **argv)
{
	return stall_main(argc, argv);
}
