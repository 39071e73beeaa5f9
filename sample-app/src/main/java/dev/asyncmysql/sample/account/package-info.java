/**
 * Accounts: opened, read, listed page by page, and their statements.
 */
@NullMarked
package dev.asyncmysql.sample.account;

import org.jspecify.annotations.NullMarked;
