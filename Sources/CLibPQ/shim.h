#pragma once
#include <libpq-fe.h>
#include <sys/eventfd.h>

/* Character-literal macros are not imported by Swift. */
enum {
    cpq_diag_sqlstate = PG_DIAG_SQLSTATE,
    cpq_diag_severity = PG_DIAG_SEVERITY_NONLOCALIZED,
    cpq_diag_message_primary = PG_DIAG_MESSAGE_PRIMARY,
    cpq_diag_message_detail = PG_DIAG_MESSAGE_DETAIL,
    cpq_diag_message_hint = PG_DIAG_MESSAGE_HINT,
    cpq_diag_context = PG_DIAG_CONTEXT,
    cpq_diag_constraint_name = PG_DIAG_CONSTRAINT_NAME,
    cpq_diag_table_name = PG_DIAG_TABLE_NAME,
    cpq_diag_column_name = PG_DIAG_COLUMN_NAME
};

/* glibc's module map leaves out sys/eventfd.h. */
static inline int cpq_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
