/**
 * Transfers: money moved from one account to another, entirely or not at all.
 */
@NullMarked
package dev.asyncmysql.sample.transfer;

import org.jspecify.annotations.NullMarked;
