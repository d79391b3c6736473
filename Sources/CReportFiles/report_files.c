#include "report_files.h"

#pragma clang diagnostic ignored "-Wc23-extensions"  // #embed

static const char script[] = {
#embed "../Report/Resources/report.js" suffix(, 0)
};
static const char style[] = {
#embed "../Report/Resources/report.css" suffix(, 0)
};

const char *report_js(void) { return script; }
const char *report_css(void) { return style; }
