/* temp.h - files for one test: the folder is made at first use and removed after the test. */
#ifndef SUPPORT_TEMP_H
#define SUPPORT_TEMP_H

#include <stddef.h>

/* FOLDER/name, with a NUL behind it; valid until the test ends. */
const char *temp_path(const char *name);
/* The same, with these bytes in the file. */
const char *temp_file(const char *name, const char *bytes, size_t n);
/* Called after each test. */
void temp_remove(void);

#endif
