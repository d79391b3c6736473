// The files of Sources/GanCommand/Resources as text, ended by a zero; see report_files.h.
#pragma once

/// What the scripts of all live pages begin with.
const char *_Nonnull local_js(void);
const char *_Nonnull watch_js(void);
const char *_Nonnull watch_css(void);
const char *_Nonnull explore_js(void);
const char *_Nonnull explore_css(void);
