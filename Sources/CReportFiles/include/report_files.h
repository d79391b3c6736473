// The files of Sources/Report/Resources as text, ended by a zero.
//
// SwiftPM's own way, `embedInCode`, makes an array literal of each, on which the optimiser spends more time than on the
// rest of the module.
#pragma once

/// The script of charts.
const char *_Nonnull report_js(void);
const char *_Nonnull report_css(void);
