#include "live_files.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

static const char local_script[] = {
#embed "../GanCommand/Resources/local.js" suffix(, 0)
};
static const char watch_script[] = {
#embed "../GanCommand/Resources/watch.js" suffix(, 0)
};
static const char watch_style[] = {
#embed "../GanCommand/Resources/watch.css" suffix(, 0)
};
static const char explore_script[] = {
#embed "../GanCommand/Resources/explore.js" suffix(, 0)
};
static const char explore_style[] = {
#embed "../GanCommand/Resources/explore.css" suffix(, 0)
};

const char *local_js(void) { return local_script; }
const char *watch_js(void) { return watch_script; }
const char *watch_css(void) { return watch_style; }
const char *explore_js(void) { return explore_script; }
const char *explore_css(void) { return explore_style; }
