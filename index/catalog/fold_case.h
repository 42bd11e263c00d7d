// Names that differ in nothing but case.
#ifndef USHER_INDEX_CATALOG_FOLD_CASE_H_
#define USHER_INDEX_CATALOG_FOLD_CASE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace usher {

// UTF-8 text with the capitals of the Latin (to U+017F), Greek and Cyrillic
// alphabets made small, each a letter for a letter: "GÖTEBORG" and "Göteborg"
// are equal then, "STRASSE" and "Straße" are not. Other bytes stay, so that
// whatever comes in, as many bytes come out. The Turkish dotted capital stays,
// too: its small letter depends on the language.
std::string FoldCase(absl::string_view text);

}  // namespace usher

#endif  // USHER_INDEX_CATALOG_FOLD_CASE_H_
