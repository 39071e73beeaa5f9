package dev.asyncmysql.bulk;

/**
 * What is done with a row.
 */
enum Mode {

	/** It is inserted, and fails where it is there already. */
	INSERT,

	/** It is inserted, or where it is there already, updated. */
	UPSERT,

	/** It takes the place of one that is there already, which is deleted. */
	REPLACE

}
