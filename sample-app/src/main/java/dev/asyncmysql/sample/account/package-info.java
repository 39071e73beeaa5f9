/**
 * Accounts: opened, read, listed page by page, and changed by one client at a time.
 */
@NullMarked
package dev.asyncmysql.sample.account;

import org.jspecify.annotations.NullMarked;
