/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTLA_STALL_VIEW_SCREEN_CRASH_H
#define RTLA_STALL_VIEW_SCREEN_CRASH_H

/*
 * The terminal is given back by a program that crashes while it has a screen, too: a shell on a terminal
 * that is raw, and shows what a dead program painted, is of little use.
 *
 *     screen_crash_look()      before ncurses changes the terminal
 *     screen_crash_expect()    it has; from now on signals of a crash, where nobody handles them, give
 *                              the terminal back, and then do what they would have done
 *     screen_crash_forget()    the screen is closed
 *
 * One screen at a time: what the handler needs is kept in one place, since it is given no argument. It makes
 * no use of ncurses, whose tables may be what is broken.
 */

/** screen_crash_look() - keep how the terminal is */
void screen_crash_look(void);

/** screen_crash_expect() - be prepared */
void screen_crash_expect(void);

/** screen_crash_forget() - signals are as they were */
void screen_crash_forget(void);

#endif
