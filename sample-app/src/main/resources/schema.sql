CREATE TABLE IF NOT EXISTS account (
  id      BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
  version BIGINT         NOT NULL,
  owner   VARCHAR(100)   NOT NULL,
  balance DECIMAL(19, 2) NOT NULL,
  CONSTRAINT account_balance CHECK (balance >= 0)
);

CREATE TABLE IF NOT EXISTS transfer (
  id           BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
  from_account BIGINT         NOT NULL,
  to_account   BIGINT         NOT NULL,
  amount       DECIMAL(19, 2) NOT NULL,
  CONSTRAINT transfer_from FOREIGN KEY (from_account) REFERENCES account (id),
  CONSTRAINT transfer_to FOREIGN KEY (to_account) REFERENCES account (id),
  CONSTRAINT transfer_amount CHECK (amount > 0)
);

-- One side of a transfer, or a deposit, which is known by its reference.
-- The index entry_statement ends with the primary key, so a statement is read in order without sorting.
CREATE TABLE IF NOT EXISTS entry (
  id          BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
  transfer_id BIGINT,
  reference   VARCHAR(64)    CHARACTER SET ascii COLLATE ascii_bin,
  account_id  BIGINT         NOT NULL,
  amount      DECIMAL(19, 2) NOT NULL,
  CONSTRAINT entry_transfer FOREIGN KEY (transfer_id) REFERENCES transfer (id),
  CONSTRAINT entry_account FOREIGN KEY (account_id) REFERENCES account (id),
  CONSTRAINT entry_reference UNIQUE (account_id, reference),
  CONSTRAINT entry_origin CHECK ((transfer_id IS NULL) <> (reference IS NULL)),
  INDEX entry_statement (account_id, id)
);
