// The files of Sources/Report/Resources as text, ended by a zero.
//
// SwiftPM's own way, `embedInCode`, makes an array literal of each, which took a quarter of the optimiser's time for
// the module `GanCommand`.
#pragma once

/// The script of charts.
const char *_Nonnull report_js(void);
const char *_Nonnull report_css(void);
